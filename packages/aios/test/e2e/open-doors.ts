// A kernel on the real clock behind real sockets, with an upstream that does as it is told.
import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders, RequestOptions } from "node:http";
import { realClock } from "../../src/drivers/clock/real.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { createAnthropicCore } from "../../src/drivers/llm/anthropic/core.ts";
import { createOpenAiCore } from "../../src/drivers/llm/openai/core.ts";
import { createSeededRandom } from "../../src/drivers/random/seeded.ts";
import { systemHash } from "../../src/drivers/random/system.ts";
import { createKernel } from "../../src/kernel/kernel.ts";
import type { Cache, Core, Driver, Journal, Kernel, KernelSettings, RateLimits } from "../../src/kernel/ports.ts";
import { serve } from "../../src/server/server.ts";
import type { ServeOptions } from "../../src/server/server.ts";
import { testSettings } from "../rig.ts";
import { openUpstream } from "../upstream.ts";
import type { Script, Upstream } from "../upstream.ts";

export interface Doors extends AsyncDisposable {
  readonly kernel: Kernel;
  readonly upstream: Upstream;
  readonly url: string;
  /** The home's key. */
  readonly key: string;
  readonly admin: Client;
  /** Closes the server alone. */
  close(): Promise<void>;
  fetch(
    path: string,
    options?: { key?: string; headers?: Record<string, string>; body?: unknown; signal?: AbortSignal },
  ): Promise<Response>;
  /** A request whose headers nobody adds to or corrects. */
  raw(path: string, options?: RequestOptions): ClientRequest;
}

export interface DoorsOptions extends ServeOptions {
  readonly script?: Script;
  readonly limits?: RateLimits;
  /** How long the core waits for its upstream. */
  readonly timeouts?: { readonly headersMs?: number; readonly idleMs?: number };
  /** The same upstream once more, as core `claude` that speaks Anthropic's dialect. */
  readonly speaksAnthropic?: boolean;
  /** Cores beside the upstream's. */
  readonly cores?: readonly Core[];
  /** Where answers are kept, if `settings.cache` says which. */
  readonly cache?: Cache;
  /** Files and tools. */
  readonly drivers?: readonly Driver[];
  readonly scheduler?: Partial<KernelSettings["scheduler"]>;
  /** Default: one of its own, in memory. */
  readonly journal?: Journal;
  readonly settings?: Partial<KernelSettings>;
}

export const rootKey = `aios_sk_rootroot_${"0".repeat(32)}`;

export async function openDoors(options: DoorsOptions = {}): Promise<Doors> {
  const upstream = await openUpstream(options.script);
  const core = createOpenAiCore({
    name: "up",
    endpoint: 0,
    kind: "compatible",
    baseUrl: upstream.baseUrl,
    models: [{ id: "m" }],
    ...(options.limits ? { limits: options.limits } : {}),
    ...(options.timeouts ? { timeouts: options.timeouts } : {}),
  });
  const claude = createAnthropicCore({
    name: "claude",
    endpoint: 0,
    baseUrl: upstream.baseUrl,
    models: [{ id: "m" }],
    ...(options.timeouts ? { timeouts: options.timeouts } : {}),
  });
  const cores = [core, ...(options.speaksAnthropic ? [claude] : []), ...(options.cores ?? [])];
  const settings = {
    ...testSettings,
    graceMs: 0,
    ...options.settings,
    scheduler: { ...testSettings.scheduler, maxAttempts: 1, ...options.scheduler },
  };
  const kernel = await createKernel({
    clock: realClock,
    random: createSeededRandom(1),
    hash: systemHash,
    journal: options.journal ?? createMemoryJournal(),
    settings,
    cores,
    cache: options.cache,
    drivers: options.drivers ?? [],
    host: { signal: () => false, isAlive: () => false, isWithin: () => false },
    logs: { append: () => undefined, read: async function* () {} },
    programs: {
      find: () => Promise.reject(new Error("no programs here")),
      run: () => Promise.reject(new Error("no programs here")),
    },
    reload: () => Promise.resolve({ settings, cores, cache: options.cache, changed: [], needRestart: [] }),
    onShutdown: () => undefined,
    rootKey,
  });
  const server = await serve(kernel, { port: 0, graceMs: 0, ...options });
  const principal = kernel.authenticate(rootKey);
  return {
    kernel,
    upstream,
    url: server.url,
    key: rootKey,
    admin: createClient(kernel.transport(principal)),
    close: async () => server[Symbol.asyncDispose](),
    fetch(path, { key = rootKey, headers, body, signal } = {}) {
      return fetch(server.url + path, {
        method: body === undefined ? "GET" : "POST",
        headers: { ...(key === "" ? {} : { authorization: `Bearer ${key}` }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
        ...(signal ? { signal } : {}),
      });
    },
    raw: (path, more = {}) =>
      httpRequest(server.url + path, {
        agent: false,
        ...more,
        headers: { authorization: `Bearer ${rootKey}`, ...(more.headers as OutgoingHttpHeaders | undefined) },
      }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await kernel[Symbol.asyncDispose]();
      await core[Symbol.asyncDispose]();
      await claude[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

export const chatBody = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  model: "m",
  messages: [{ role: "user", content: "hi" }],
  ...more,
});

export async function responseOf(request: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return response;
}

export async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of response.setEncoding("utf8")) text += part as string;
  return text;
}

/** Reads frames as they come. */
export async function* framesOf(response: Response): AsyncGenerator<{ id?: string; data?: string; comment?: string }> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const part of response.body as ReadableStream<Uint8Array>) {
    rest += decoder.decode(part, { stream: true });
    for (let end = rest.indexOf("\n\n"); end !== -1; end = rest.indexOf("\n\n")) {
      const frame: { id?: string; data?: string; comment?: string } = {};
      for (const line of rest.slice(0, end).split("\n")) {
        if (line.startsWith("id: ")) frame.id = line.slice(4);
        if (line.startsWith("data: ")) frame.data = line.slice(6);
        if (line.startsWith(":")) frame.comment = line.slice(1).trim();
      }
      rest = rest.slice(end + 2);
      yield frame;
    }
  }
}

export async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export type Json = Record<string, unknown>;
export const json = async (response: Response): Promise<Json> => (await response.json()) as Json;
/** `error` of OpenAI's dialect. */
export const errorOf = async (response: Response): Promise<Json> => (await json(response))["error"] as Json;

/** Resolves when no lane holds a slot or a waiting call. */
export async function lanesIdle({ admin }: Pick<Doors, "admin">): Promise<void> {
  for (;;) {
    const { lanes } = await admin.llm.lanes({});
    if (lanes.every(({ running, queued }) => running === 0 && queued === 0)) return;
    await turn();
  }
}

/** Resolves when the sockets have had their turn. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
