import { request } from "undici";
import type { ModelSpec } from "../../../kernel/ports.ts";

interface Ollama {
  /** Ready for a core of kind `ollama`. */
  readonly baseUrl: string;
  readonly models: readonly ModelSpec[];
}

/** A local server answers in a few milliseconds; waiting longer would slow every start without one. */
const timeoutMs = 500;
const defaultPort = 11_434;

/**
 * Where a value of OLLAMA_HOST points: the server's own forms are taken ("0.0.0.0", ":8080", "gpu-box", "https://…"),
 * and an address to listen on is turned into one to connect to. Undefined when it is none.
 */
export function ollamaUrl(host: string): string | undefined {
  const text = host.trim() === "" ? "127.0.0.1" : host.trim();
  const withScheme = /^https?:\/\//i.test(text) ? text : `http://${text.startsWith(":") ? `127.0.0.1${text}` : text}`;
  const url = URL.parse(withScheme);
  if (url === null) return undefined;
  // As Ollama itself does: with a scheme its own port is meant, without one 11434.
  const hasPort = url.port !== "" || /:\d+(?:\/|$)/.test(withScheme.slice(withScheme.indexOf("//") + 2));
  if (!hasPort && !/^https?:\/\//i.test(text)) url.port = String(defaultPort);
  if (url.hostname === "0.0.0.0" || url.hostname === "[::]") url.hostname = "127.0.0.1";
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

/**
 * Asks an Ollama which models it has. Undefined when nothing answers there in time, or something else does:
 * that is the usual case and no fault. An aborted signal rejects.
 */
export async function discoverOllama(options: { host: string; signal: AbortSignal }): Promise<Ollama | undefined> {
  const { host, signal } = options;
  const base = ollamaUrl(host);
  if (base === undefined) return undefined;
  try {
    const { statusCode, body } = await request(`${base}/api/tags`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const json = (await body.json()) as { models?: unknown } | null;
    if (statusCode !== 200 || !Array.isArray(json?.models)) return undefined;
    const names = (json.models as readonly { name?: unknown }[]).map((model) => model?.name);
    return {
      baseUrl: `${base}/v1`,
      models: names.filter((name) => typeof name === "string").map((id) => ({ id })),
    };
  } catch {
    // Refused, timed out, or not Ollama: all mean "none here". The caller's own cancellation is not one of them.
    signal.throwIfAborted();
    return undefined;
  }
}
