import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isSysError, noUsage, SysError } from "@aiosjs/sdk/protocol";
import type { ChatResult, Usage } from "@aiosjs/sdk/protocol";
import type { DriverEvent, ObservedLimit } from "../../../kernel/ports.ts";
import { realClock } from "../../clock/real.ts";
import { simDefaults } from "./parameters.ts";
import type { SimParameters } from "./parameters.ts";
import { createSimulation, SimFault } from "./simulation.ts";
import type { Simulation } from "./simulation.ts";
import { completion, createChunkWriter, readRequest } from "./wire.ts";

export interface SimServerOptions extends Partial<SimParameters> {
  /** 0: any free one. */
  readonly port?: number;
  readonly host?: string;
  /** When given, a request without it is 401. */
  readonly apiKey?: string | undefined;
  /** Whether answers carry x-ratelimit-* headers; without them a client learns of a limit by its 429s. */
  readonly areHeadersSent?: boolean;
}

export interface SimServerStats {
  /** Chat requests so far, whatever became of them. */
  readonly calls: number;
  readonly done: number;
  /** 429s. */
  readonly refused: number;
  /** 4xx other than 429, 5xx, broken connections, clients that left. */
  readonly failed: number;
  readonly running: number;
  readonly waiting: number;
  readonly maxRunning: number;
  /** Unix epoch milliseconds of the requests that the limits let through, the last 200,000. */
  readonly admittedAtMs: readonly number[];
}

export interface SimServer extends AsyncDisposable {
  /** Base URL for OpenAI clients; ends in /v1. */
  readonly url: string;
  stats(): SimServerStats;
}

const maxBodyBytes = 64 * 1024 * 1024;
const maxAdmissions = 200_000;

/** The simulated core on the machine's clock as an OpenAI-compatible upstream: chat completions, models, and GET /stats. */
export async function serveSim(options: SimServerOptions = {}): Promise<SimServer> {
  const { port = 0, host = "127.0.0.1", apiKey, areHeadersSent = true, ...given } = options;
  const parameters: SimParameters = { ...simDefaults, ...given };
  const simulation = createSimulation("sim", realClock, parameters);
  const counts = { calls: 0, done: 0, refused: 0, failed: 0, maxRunning: 0 };
  const admittedAtMs: number[] = [];
  const stats = (): SimServerStats => ({
    ...counts,
    running: simulation.running,
    waiting: simulation.waiting,
    admittedAtMs,
  });
  const admit = () => {
    if (admittedAtMs.push(Date.now()) > maxAdmissions) admittedAtMs.splice(0, maxAdmissions / 2);
    counts.maxRunning = Math.max(counts.maxRunning, simulation.running);
  };

  const chat = async (request: IncomingMessage, response: ServerResponse) => {
    counts.calls++;
    try {
      const body = await readBody(request);
      await new Exchange(simulation, response, { areHeadersSent, admit }).run(body);
      counts.done++;
    } catch (cause) {
      if (cause instanceof SimFault && cause.is === "refused") counts.refused++;
      else counts.failed++;
      fail(response, cause);
    }
  };

  const server = createServer((request, response) => {
    const { method = "GET", url = "/" } = request;
    const path = url.split("?", 1)[0]!.replace(/^\/v1(?=\/)/, "");
    if (path === "/stats" && method === "GET") return sendJson(response, 200, JSON.stringify(stats()));
    if (apiKey !== undefined && request.headers.authorization !== `Bearer ${apiKey}`) {
      return sendError(response, 401, { message: "incorrect API key", code: "invalid_api_key" });
    }
    if (path === "/models" && method === "GET") return sendJson(response, 200, modelList(parameters));
    if (path === "/chat/completions" && method === "POST") return void chat(request, response);
    sendError(response, 404, { message: `nothing at ${method} ${path}`, code: "not_found" });
  });
  // Longer than clients pause between calls: an idle connection that closes under a request looks like a fault.
  server.keepAliveTimeout = 120_000;
  server.listen(port, host);
  await once(server, "listening");
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}/v1`,
    stats,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface ExchangeOptions {
  readonly areHeadersSent: boolean;
  readonly admit: () => void;
}

/** One chat over the wire. */
class Exchange {
  readonly #simulation: Simulation;
  readonly #response: ServerResponse;
  readonly #options: ExchangeOptions;
  #limits: readonly ObservedLimit[] = [];

  constructor(simulation: Simulation, response: ServerResponse, options: ExchangeOptions) {
    this.#simulation = simulation;
    this.#response = response;
    this.#options = options;
  }

  async run(body: string): Promise<void> {
    const { args, user = "upstream", wantsUsage } = readRequest(parseJson(body));
    const leave = new AbortController();
    this.#response.on("close", () => {
      if (!this.#response.writableFinished) leave.abort(new Error("the client left"));
    });
    const answer = this.#simulation.answer(args, {
      agent: user,
      model: args.model,
      signal: leave.signal,
      onAdmitted: this.#options.admit,
    });
    try {
      if (args.stream === true) await this.#stream(answer, { model: args.model, wantsUsage });
      else await this.#whole(answer, args.model);
    } catch (cause) {
      if (cause instanceof SimFault && cause.is === "malformed") this.#breakOff(args.stream === true);
      else if (cause instanceof SimFault && this.#options.areHeadersSent) this.#setLimits();
      throw cause;
    }
  }

  async #whole(answer: AsyncIterable<readonly DriverEvent[]>, model: string): Promise<void> {
    for await (const batch of answer) {
      for (const event of batch) {
        if (event.type === "limits") this.#limits = event.limits;
        if (event.type !== "result") continue;
        this.#setLimits();
        const about = { model, created: Math.floor(Date.now() / 1000) };
        sendJson(this.#response, 200, completion(event.result as ChatResult, event.usage ?? noUsage, about));
      }
    }
  }

  async #stream(
    answer: AsyncIterable<readonly DriverEvent[]>,
    { model, wantsUsage }: { model: string; wantsUsage: boolean },
  ): Promise<void> {
    const created = Math.floor(Date.now() / 1000);
    const writer = createChunkWriter({ id: `sim-${created.toString(36)}`, model, created });
    for await (const batch of answer) {
      let text = "";
      for (const event of batch) {
        if (event.type === "limits") this.#limits = event.limits;
        else if (event.type === "result") {
          const usage: Usage | undefined = wantsUsage ? event.usage : undefined;
          text += writer.end(event.result as ChatResult, usage);
        } else if (event.type.endsWith(".delta")) text += writer.delta(event as Parameters<typeof writer.delta>[0]);
      }
      // A batch of limits alone comes before a refusal, whose status is not known yet.
      if (text === "") continue;
      if (!this.#response.headersSent) {
        this.#openStream();
        text = writer.role() + text;
      }
      this.#response.write(text);
    }
    this.#response.end();
  }

  #openStream(): void {
    this.#setLimits();
    this.#response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
  }

  #setLimits(): void {
    if (!this.#options.areHeadersSent || this.#response.headersSent) return;
    for (const { bucket, perMinute, remaining, resetMs } of this.#limits) {
      // The dialect has no names for input and output tokens apart.
      if (bucket !== "requests" && bucket !== "tokens") continue;
      this.#response.setHeader(`x-ratelimit-limit-${bucket}`, perMinute);
      this.#response.setHeader(`x-ratelimit-remaining-${bucket}`, remaining);
      this.#response.setHeader(`x-ratelimit-reset-${bucket}`, `${(resetMs / 1000).toFixed(3)}s`);
    }
  }

  /** Half a line, and then a proper end: as if the upstream had crashed behind its proxy. */
  #breakOff(isStream: boolean): void {
    if (isStream) {
      if (!this.#response.headersSent) this.#openStream();
      this.#response.end('data: {"id":"sim","object":"chat.comp');
    } else sendJson(this.#response, 200, '{"id":"sim","object":"chat.completion","choices":[{"index":0,"mess');
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request) {
    size += (piece as Buffer).length;
    if (size > maxBodyBytes) throw new SysError("E2BIG", "the body is too large");
    pieces.push(piece as Buffer);
  }
  return pieces.length === 1 ? pieces[0]!.toString() : Buffer.concat(pieces).toString();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SysError("EINVAL", "the body is not JSON", { cause });
  }
}

function modelList({ models }: SimParameters): string {
  return JSON.stringify({
    object: "list",
    data: models.map(({ id }) => ({ id, object: "model", created: 0, owned_by: "aios-simulation" })),
  });
}

function sendJson(response: ServerResponse, status: number, json: string): void {
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(json) });
  response.end(json);
}

function sendError(response: ServerResponse, status: number, error: { message: string; code: string }): void {
  sendJson(response, status, JSON.stringify({ error: { type: "invalid_request_error", param: null, ...error } }));
}

/** Puts a failure on the wire; what has begun can only be cut off. */
function fail(response: ServerResponse, cause: unknown): void {
  if (response.writableEnded || response.destroyed) return;
  if (response.headersSent || (cause instanceof SimFault && cause.is === "disconnect")) {
    response.destroy();
    return;
  }
  if (cause instanceof SimFault) {
    const { retryAfterMs, status, message } = cause;
    if (retryAfterMs !== undefined) {
      response.setHeader("retry-after", Math.ceil(retryAfterMs / 1000));
      response.setHeader("retry-after-ms", Math.ceil(retryAfterMs));
    }
    const code = cause.is === "refused" ? "rate_limit_exceeded" : "server_error";
    return sendError(response, status, { message, code });
  }
  if (!isSysError(cause)) return sendError(response, 500, { message: String(cause), code: "server_error" });
  const { code, message } = cause;
  if (code === "ENOENT") return sendError(response, 404, { message, code: "model_not_found" });
  if (code === "E2BIG") return sendError(response, 413, { message, code: "request_too_large" });
  sendError(response, 400, {
    message,
    code: /context of/.test(message) ? "context_length_exceeded" : "invalid_request",
  });
}
