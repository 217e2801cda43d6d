import { isSysError, SysError, type ChatArgs } from "@aiosjs/sdk/protocol";
import { Pool } from "undici";
import type { Core, ModelSpec, RateLimits } from "../../../kernel/ports.ts";
import { createAnswer } from "./answer.ts";
import { exchangeError, malformed, readUpstreamError, refusalError, type Place } from "../http/errors.ts";
import { Exchange } from "../http/exchange.ts";
import { readModels } from "./models.ts";
import { toJson } from "../http/splice.ts";
import { quirksOf, type OpenAiKind, type Quirks } from "./quirks.ts";
import { toBody } from "./request.ts";

interface Timeouts {
  /** To connect, TLS included. Default 10 s. */
  readonly connectMs?: number | undefined;
  /** Until the answer begins; an answer in one piece begins when it is complete. Default 10 min. */
  readonly headersMs?: number | undefined;
  /** Between two pieces of an answer. Default 5 min: reasoning models think in silence. */
  readonly idleMs?: number | undefined;
}

export interface OpenAiCoreOptions {
  readonly name: string;
  /** Which of the core's endpoints this is, from 0. */
  readonly endpoint: number;
  readonly kind: OpenAiKind;
  /** Default: the kind's own. @throws SysError EINVAL where the kind has none and this is absent. */
  readonly baseUrl?: string | undefined;
  /** Resolved; goes into one header and nowhere else. */
  readonly apiKey?: string | undefined;
  /** What messages name instead of the key: `env:NAME`. */
  readonly keyReference?: string | undefined;
  /** Default: what GET /models lists, read in the background. */
  readonly models?: readonly ModelSpec[] | undefined;
  readonly limits?: RateLimits | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly timeouts?: Timeouts | undefined;
  readonly quirks?: Partial<Quirks> | undefined;
}

export interface OpenAiCore extends Core, AsyncDisposable {
  /** Reads the list of models again. Rejects with what went wrong; `models()` then keeps the list it has. */
  refresh(signal?: AbortSignal): Promise<void>;
  /** Why the last reading of the list failed; undefined after a good one. */
  readonly refreshError: SysError | undefined;
}

const dialect = "openai";
/** A list older than this is read again the next time somebody asks; until it is there, the old one is answered. */
const modelsMaxAgeMs = 10 * 60_000;
const maxAnswerBytes = 64 * 1024 * 1024;

/**
 * A core that speaks OpenAI's chat completions over undici: one pool per endpoint, a connection per running call,
 * no queue, no retry and no pacing of its own, for all of that is the kernel's.
 */
export function createOpenAiCore(options: OpenAiCoreOptions): OpenAiCore {
  const { name, endpoint, kind, apiKey, keyReference, limits = {} } = options;
  const quirks: Quirks = { ...quirksOf(kind, options.baseUrl), ...options.quirks };
  const { origin, path, shownUrl } = parseBaseUrl(name, options.baseUrl ?? quirks.baseUrl);
  const headers: Record<string, string> = {
    "content-type": "application/json",
    ...(apiKey === undefined || apiKey === "" ? {} : { authorization: `Bearer ${apiKey}` }),
    ...options.headers,
  };
  const { connectMs = 10_000, headersMs = 600_000, idleMs = 300_000 } = options.timeouts ?? {};
  const pool = new Pool(origin, {
    connections: null,
    pipelining: 1,
    // HTTP/2 would put a hundred streams on one connection: one lost packet stops them all, and the kernel bounds the number.
    allowH2: false,
    connect: { timeout: connectMs },
    headersTimeout: headersMs,
    bodyTimeout: idleMs,
    maxResponseSize: maxAnswerBytes,
    // Behind TLS a new connection costs agents with pauses a handshake per call; plain HTTP servers often hang up after 5 s.
    keepAliveTimeout: origin.startsWith("https:") ? 30_000 : 4_000,
  });

  const place = (action: string, model: string): Place => ({
    core: name,
    url: `${shownUrl}${action}`,
    model,
    apiKey,
    keyReference,
  });

  let listed = options.models ?? [];
  let readAtMs: number | undefined;
  let reading: Promise<void> | undefined;
  let refreshError: SysError | undefined;

  const read = async (signal: AbortSignal | null): Promise<void> => {
    const where = place("/models", "");
    try {
      const {
        statusCode,
        headers: said,
        body,
      } = await pool.request({ path: `${path}/models`, method: "GET", headers, signal });
      const text = await body.text();
      let json: unknown;
      try {
        json = JSON.parse(text);
      } catch {
        json = undefined;
      }
      if (statusCode !== 200) {
        const error = readUpstreamError(json);
        throw refusalError(where, { status: statusCode, headers: said, error, text: "", nowMs: Date.now() });
      }
      const models = readModels(json);
      if (models === undefined) throw malformed(where, "sent something else than a list of models");
      listed = models;
      refreshError = undefined;
    } catch (cause) {
      refreshError = isSysError(cause) ? cause : exchangeError(where, cause, 0);
      throw refreshError;
    } finally {
      readAtMs = Date.now();
      reading = undefined;
    }
  };

  return {
    name,
    endpoint,
    device: "llm",
    kind,
    isSimulated: false,
    limits,
    honoursMaxTokens: true,
    serves: ["llm.chat"],
    dialects: [dialect],
    resume: "none",
    get isOpenEnded() {
      // Until a list is there, the upstream decides which names exist.
      return quirks.isOpenEnded || (options.models === undefined && listed.length === 0);
    },
    get refreshError() {
      return refreshError;
    },
    models() {
      const isStale = readAtMs === undefined || Date.now() - readAtMs > modelsMaxAgeMs;
      if (options.models === undefined && reading === undefined && isStale) {
        reading = read(null);
        // Recorded in `refreshError`; nobody waits for this one.
        reading.catch(() => undefined);
      }
      return listed;
    },
    async refresh(signal) {
      if (options.models !== undefined) return;
      reading = read(signal ?? null);
      await reading;
    },
    execute(syscall, args, { model, call, original, signal }) {
      if (syscall !== "llm.chat") {
        throw new SysError("ENOSYS", `core ${name} does not serve ${syscall}`, {
          hint: "a model core serves llm.chat",
        });
      }
      const chat = args as ChatArgs;
      const where = place("/chat/completions", model);
      const isOwn = original?.dialect === dialect;
      return new Exchange({
        pool,
        request: {
          path: `${path}/chat/completions`,
          method: "POST",
          headers,
          body: toJson(toBody(chat, { core: name, model, quirks }), original, dialect),
        },
        place: where,
        answer: createAnswer({
          model: `${name}/${model}`,
          idPrefix: call,
          place: where,
          withholdsUsage: isOwn && !asksForUsage(original.members),
        }),
        forwards: isOwn ? dialect : undefined,
        rateLimits: quirks.rateLimits,
        wantsDeltas: chat.stream === true,
        signal,
      });
    },
    async [Symbol.asyncDispose]() {
      // Running calls end first: a refreshed configuration replaces cores under way.
      await pool.close();
    },
  };
}

const asksForUsage = ({ stream_options: options }: Readonly<Record<string, unknown>>): boolean =>
  (options as { include_usage?: unknown } | null | undefined)?.include_usage === true;

function parseBaseUrl(core: string, baseUrl: string | undefined): { origin: string; path: string; shownUrl: string } {
  const url = URL.parse(baseUrl ?? "");
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new SysError("EINVAL", `core ${core} has no usable baseUrl (${baseUrl ?? "none"})`, {
      hint: `set llms.cores: {name: ${core}, baseUrl: "http://127.0.0.1:8000/v1"}`,
    });
  }
  if (url.username !== "" || url.password !== "") {
    throw new SysError("EINVAL", `the baseUrl of core ${core} holds a password`, {
      hint: "keep secrets out of addresses: use apiKey: env:NAME, or a header",
    });
  }
  const path = url.pathname.replace(/\/+$/, "");
  return { origin: url.origin, path, shownUrl: `${url.origin}${path}` };
}
