import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import { Pool } from "undici";
import type { Core, ModelSpec } from "../../../kernel/ports.ts";
import { exchangeError, malformed, readUpstreamError, refusalError, type Place } from "./errors.ts";

export interface Timeouts {
  /** To connect, TLS included. Default 10 s. */
  readonly connectMs?: number | undefined;
  /** Until the answer begins; an answer in one piece begins when it is complete. Default 10 min. */
  readonly headersMs?: number | undefined;
  /** Between two pieces of an answer. Default 5 min: reasoning models think in silence. */
  readonly idleMs?: number | undefined;
}

/** What every core over HTTP is configured with. */
export interface EndpointConfig {
  readonly name: string;
  /** Which of the core's endpoints this is, from 0. */
  readonly endpoint: number;
  /** Default: the kind's own. @throws SysError EINVAL where the kind has none and this is absent. */
  readonly baseUrl?: string | undefined;
  /** Resolved; goes into one header and nowhere else. */
  readonly apiKey?: string | undefined;
  /** What messages name instead of the key: `env:NAME`. */
  readonly keyReference?: string | undefined;
  /** Default: what the upstream lists, read in the background. */
  readonly models?: readonly ModelSpec[] | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly timeouts?: Timeouts | undefined;
}

/** A core whose upstream lists its models. */
export interface ListingCore extends Core, AsyncDisposable {
  /** Reads the list of models again. Rejects with what went wrong; `models()` then keeps the list it has. */
  refresh(signal?: AbortSignal): Promise<void>;
  /** Why the last reading of the list failed; undefined after a good one. */
  readonly refreshError: SysError | undefined;
}

interface EndpointOptions extends EndpointConfig {
  /** What messages call the dialect: "an OpenAI-compatible API". */
  readonly api: string;
  /** The headers that carry the key, when there is one. */
  readonly authorize: (apiKey: string) => Readonly<Record<string, string>>;
  /** Where the models are listed, behind the base URL's path. */
  readonly modelsPath: string;
  /** Undefined when it is not a list of models. */
  readonly readModels: (json: unknown) => readonly ModelSpec[] | undefined;
}

/** A list older than this is read again the next time somebody asks; until it is there, the old one is answered. */
const modelsMaxAgeMs = 10 * 60_000;
const maxAnswerBytes = 64 * 1024 * 1024;

/** One address with one key: a pool of connections without queue, retry or pacing (these are the kernel's), and its list of models. */
export class Endpoint implements AsyncDisposable {
  readonly pool: Pool;
  readonly headers: Readonly<Record<string, string>>;
  /** Path of the base URL, without a slash at its end. */
  readonly path: string;
  /** Why the last reading of the list failed; undefined after a good one. */
  refreshError: SysError | undefined;
  readonly #options: EndpointOptions;
  readonly #shownUrl: string;
  #listed: readonly ModelSpec[];
  #readAtMs: number | undefined;
  #reading: Promise<void> | undefined;

  constructor(options: EndpointOptions) {
    const { name, apiKey } = options;
    const { origin, path, shownUrl } = parseBaseUrl(name, options.baseUrl);
    const { connectMs = 10_000, headersMs = 600_000, idleMs = 300_000 } = options.timeouts ?? {};
    this.#options = options;
    this.#shownUrl = shownUrl;
    this.#listed = options.models ?? [];
    this.path = path;
    this.headers = {
      "content-type": "application/json",
      ...(apiKey === undefined || apiKey === "" ? {} : options.authorize(apiKey)),
      ...options.headers,
    };
    this.pool = new Pool(origin, {
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
  }

  /** What every message about a request to `action` needs. */
  place(action: string, model: string): Place {
    const { name, apiKey, keyReference, api } = this.#options;
    return { core: name, url: `${this.#shownUrl}${action}`, model, apiKey, keyReference, api };
  }

  /** False while nobody knows which models there are. */
  get isListed(): boolean {
    return this.#options.models !== undefined || this.#listed.length > 0;
  }

  /** The list that is there; an old one is read again meanwhile. */
  models(): readonly ModelSpec[] {
    const isStale = this.#readAtMs === undefined || Date.now() - this.#readAtMs > modelsMaxAgeMs;
    if (this.#options.models === undefined && this.#reading === undefined && isStale) {
      this.#reading = this.#read(null);
      // Recorded in `refreshError`; nobody waits for this one.
      this.#reading.catch(() => undefined);
    }
    return this.#listed;
  }

  /** Reads the list again. Rejects with what went wrong; `models()` then keeps the list it has. */
  async refresh(signal?: AbortSignal): Promise<void> {
    if (this.#options.models !== undefined) return;
    this.#reading = this.#read(signal ?? null);
    await this.#reading;
  }

  async #read(signal: AbortSignal | null): Promise<void> {
    const { modelsPath, readModels } = this.#options;
    const where = this.place(modelsPath, "");
    try {
      const json = await this.json(where, { path: modelsPath, method: "GET", signal });
      const models = readModels(json);
      if (models === undefined) throw malformed(where, "sent something else than a list of models");
      this.#listed = models;
      this.refreshError = undefined;
    } catch (cause) {
      this.refreshError = cause as SysError;
      throw cause;
    } finally {
      this.#readAtMs = Date.now();
      this.#reading = undefined;
    }
  }

  /** One small question with one small answer. @throws SysError */
  async json(
    where: Place,
    request: {
      path: string;
      method: "GET" | "POST";
      body?: string | Buffer;
      headers?: Readonly<Record<string, string>>;
      signal: AbortSignal | null;
    },
  ): Promise<unknown> {
    try {
      const { statusCode, headers, body } = await this.pool.request({
        path: `${this.path}${request.path}`,
        method: request.method,
        headers: { ...this.headers, ...request.headers },
        body: request.body ?? null,
        signal: request.signal,
      });
      const json = parsed(await body.text());
      if (statusCode === 200) return json;
      const error = readUpstreamError(json);
      throw refusalError(where, { status: statusCode, headers, error, text: "", nowMs: Date.now() });
    } catch (cause) {
      throw isSysError(cause) ? cause : exchangeError(where, cause, 0);
    }
  }

  /** Running calls end first: a refreshed configuration replaces cores under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.close();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

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
