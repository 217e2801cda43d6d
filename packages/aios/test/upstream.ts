import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import * as anthropic from "./anthropic-wire.ts";

/** A request as the upstream got it. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The body as it came. */
  readonly text: string;
  readonly body: {
    model?: string;
    stream?: boolean;
    messages?: { role: string; content: unknown; [member: string]: unknown }[];
    tools?: { function: { name: string } }[];
    [member: string]: unknown;
  };
  /** Resolves when its connection is gone: the client left, or the answer broke it. */
  readonly closed: Promise<void>;
}

/** What the upstream does with a request. */
export type Reply =
  /** A well-formed answer in the dialect: streamed when the request asks for it. */
  | {
      readonly is: "answer";
      /** One chunk each when streamed. Default: "Hello", ", ", "world", ".". */
      readonly pieces?: readonly string[];
      readonly reasoning?: readonly string[];
      readonly toolCalls?: readonly { id: string; name: string; arguments: string }[];
      readonly finishReason?: string;
      readonly usage?: Record<string, unknown> | null;
      readonly headers?: Record<string, string>;
      /** Waits before the first byte. */
      readonly after?: Promise<unknown>;
      /** Never ends: the last chunk is withheld. */
      readonly isEndless?: boolean;
      /** Breaks the connection after so many chunks. */
      readonly breakAfterChunks?: number;
    }
  | {
      readonly is: "status";
      readonly status: number;
      readonly headers?: Record<string, string>;
      /** An object goes out as JSON, a text as it is. */
      readonly body?: unknown;
    }
  /** Bytes as given, one write each (and a turn of the event loop between them), then the end. */
  | {
      readonly is: "raw";
      readonly status?: number;
      readonly headers?: Record<string, string>;
      readonly writes: readonly (string | Buffer)[];
      readonly end: "end" | "reset" | "hang";
    }
  /** Breaks the connection without a word. */
  | { readonly is: "reset" }
  /** Never says anything. */
  | { readonly is: "silence" };

export interface Upstream extends AsyncDisposable {
  /** Ends in /v1. */
  readonly baseUrl: string;
  readonly requests: readonly Received[];
  /** Requests under way: the slots a real server would hold. */
  readonly open: number;
  /** Resolves when no request is under way. */
  idle(): Promise<void>;
  /** Resolves with the n-th request (from 1) as soon as it is there. */
  received(n: number): Promise<Received>;
}

export type Script = (request: Received, n: number) => Reply;

const event = (json: unknown): string => `data: ${JSON.stringify(json)}\n\n`;

/** One line of the dialect, for scripts that write bytes themselves. */
export function chunk(delta: unknown, more: { finishReason?: string; usage?: unknown } = {}): string {
  return event({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1_700_000_000,
    model: "m",
    system_fingerprint: "fp_1",
    choices: [{ index: 0, delta, logprobs: null, finish_reason: more.finishReason ?? null }],
    ...(more.usage === undefined ? {} : { usage: more.usage }),
  });
}

/**
 * A real HTTP server that speaks OpenAI's chat completions (and at /v1/messages Anthropic's messages) and does as it is
 * told: each POST is answered by `script`, each GET by `models` (default: a list of "m"). Listens on a free port of 127.0.0.1.
 */
export async function openUpstream(
  script: Script = () => ({ is: "answer" }),
  { models = { object: "list", data: [{ id: "m", object: "model" }] } }: { models?: unknown } = {},
): Promise<Upstream> {
  const requests: Received[] = [];
  const sockets = new Set<Socket>();
  let open = 0;
  const waiting = new Set<() => void>();
  const changed = (): void => {
    for (const wake of waiting) wake();
  };
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.add(resolve);
      await promise;
      waiting.delete(resolve);
    }
  };

  const server = createServer((request, response) => {
    const body: Buffer[] = [];
    request.on("data", (part: Buffer) => body.push(part));
    request.on("end", () => {
      if (request.method === "GET") {
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify(models));
        return;
      }
      open++;
      const closed = once(response, "close").then(() => {
        open--;
        changed();
      });
      const text = Buffer.concat(body).toString("utf8");
      const received: Received = {
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers,
        text,
        body: JSON.parse(text) as Received["body"],
        closed,
      };
      requests.push(received);
      changed();
      // A reply that fails would leave the client hanging: break the connection, so that the test sees it.
      reply(response, received, script(received, requests.length)).catch(() => response.destroy());
    });
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    requests,
    get open() {
      return open;
    },
    idle: () => until(() => open === 0),
    async received(n) {
      await until(() => requests.length >= n);
      const request = requests[n - 1];
      if (request === undefined) throw new Error(`no request ${n}`);
      return request;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await until(() => open === 0);
    },
  };
}

/** Resolves in the next turn of the event loop, when what was written has left. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function reply(response: ServerResponse, request: Received, what: Reply): Promise<void> {
  switch (what.is) {
    case "silence":
      return;
    case "reset":
      response.socket?.resetAndDestroy();
      return;
    case "status": {
      const isJson = typeof what.body !== "string";
      response.writeHead(what.status, { "content-type": isJson ? "application/json" : "text/html", ...what.headers });
      response.end(isJson ? JSON.stringify(what.body ?? {}) : what.body);
      return;
    }
    case "raw": {
      response.writeHead(what.status ?? 200, { "content-type": "text/event-stream", ...what.headers });
      response.flushHeaders();
      for (const bytes of what.writes) {
        response.write(bytes);
        await turn();
      }
      if (what.end === "end") response.end();
      if (what.end === "reset") response.socket?.resetAndDestroy();
      return;
    }
    case "answer": {
      await what.after;
      const wire = request.path.startsWith("/v1/messages") ? anthropic : { streamed, whole };
      await (request.body.stream === true ? wire.streamed(response, what) : wire.whole(response, what));
    }
  }
}

export type Answer = Extract<Reply, { is: "answer" }>;

const hello = ["Hello", ", ", "world", "."];
const usageOf = (what: Answer): Record<string, unknown> | null =>
  what.usage === undefined
    ? {
        prompt_tokens: 12,
        completion_tokens: 7,
        total_tokens: 19,
        prompt_tokens_details: { cached_tokens: 4 },
        completion_tokens_details: { reasoning_tokens: 2 },
      }
    : what.usage;
const finishOf = (what: Answer): string => what.finishReason ?? (what.toolCalls === undefined ? "stop" : "tool_calls");
const toWire = (call: { id: string; name: string; arguments: string }) => ({
  id: call.id,
  type: "function",
  function: { name: call.name, arguments: call.arguments },
});

async function whole(response: ServerResponse, what: Answer): Promise<void> {
  if (what.isEndless === true) return;
  if (what.breakAfterChunks !== undefined) {
    response.socket?.resetAndDestroy();
    return;
  }
  const { pieces = what.toolCalls === undefined ? hello : [], reasoning, toolCalls } = what;
  response.writeHead(200, { "content-type": "application/json", ...what.headers });
  response.end(
    JSON.stringify({
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 1_700_000_000,
      model: "m",
      system_fingerprint: "fp_1",
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            content: pieces.length === 0 ? null : pieces.join(""),
            refusal: null,
            ...(reasoning === undefined ? {} : { reasoning_content: reasoning.join("") }),
            ...(toolCalls === undefined ? {} : { tool_calls: toolCalls.map(toWire) }),
          },
          logprobs: null,
          finish_reason: finishOf(what),
        },
      ],
      usage: usageOf(what),
    }),
  );
  await once(response, "close");
}

async function streamed(response: ServerResponse, what: Answer): Promise<void> {
  const { pieces = what.toolCalls === undefined ? hello : [], reasoning = [], toolCalls = [] } = what;
  const chunks = [
    chunk({ role: "assistant", content: "" }),
    ...reasoning.map((text) => chunk({ reasoning_content: text })),
    ...pieces.map((text) => chunk({ content: text })),
    ...toolCalls.flatMap((call, index) => {
      const half = Math.ceil(call.arguments.length / 2);
      const first = { index, ...toWire({ ...call, arguments: "" }) };
      return [
        chunk({ tool_calls: [first] }),
        chunk({ tool_calls: [{ index, function: { arguments: call.arguments.slice(0, half) } }] }),
        chunk({ tool_calls: [{ index, function: { arguments: call.arguments.slice(half) } }] }),
      ];
    }),
  ];
  response.writeHead(200, { "content-type": "text/event-stream", ...what.headers });
  response.flushHeaders();
  for (const [index, bytes] of chunks.entries()) {
    if (index === what.breakAfterChunks) {
      response.socket?.resetAndDestroy();
      return;
    }
    response.write(bytes);
    await turn();
  }
  if (what.isEndless === true) return;
  response.write(chunk({}, { finishReason: finishOf(what) }));
  const usage = usageOf(what);
  if (usage !== null) response.write(event({ id: "chatcmpl-1", object: "chat.completion.chunk", choices: [], usage }));
  response.end("data: [DONE]\n\n");
}
