import { SysError, toProblem } from "@aiosjs/sdk/protocol";
import { countTokens } from "./anthropic/count-tokens.ts";
import { anthropicDialect } from "./anthropic/error.ts";
import { messages } from "./anthropic/messages.ts";
import { authenticate, requireScope } from "./auth.ts";
import type { Dialect } from "./dialect.ts";
import { docsPage } from "./docs-page.ts";
import { answer } from "./exchange.ts";
import type { Doors, Exchange } from "./exchange.ts";
import { createMetricsPage } from "./metrics.ts";
import { call } from "./native/call.ts";
import { events } from "./native/events.ts";
import { nativeDialect } from "./native/problem.ts";
import { syscall } from "./native/syscall.ts";
import { openapiDocument } from "./openapi.ts";
import { chatCompletions } from "./openai/chat.ts";
import { embeddings } from "./openai/embeddings.ts";
import { openaiDialect } from "./openai/error.ts";
import { model, models } from "./openai/models.ts";
import { createResponse } from "./responses/create.ts";
import { createSharePage } from "./share.ts";
import { cancelResponse, deleteResponse, listInputItems, showResponse } from "./responses/stored-routes.ts";

export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  /** In hono's form; a parameter is called `id`. */
  readonly path: string;
  readonly run: (exchange: Exchange, id: string) => Promise<void> | void;
}

/** What the server answers, and where. */
export function createRoutes({ kernel, crowd }: Doors): readonly Route[] {
  const page = createMetricsPage(kernel, () => crowd.size);
  const about = { name: kernel.settings.name, version: kernel.settings.version };
  // The table does not change while the server runs; both texts are made when somebody first asks.
  let openapi: string | undefined;
  let docs: string | undefined;
  return [
    { method: "POST", path: "/v1/chat/completions", run: chatCompletions },
    { method: "POST", path: "/v1/responses", run: createResponse },
    { method: "GET", path: "/v1/responses/:id", run: showResponse },
    { method: "DELETE", path: "/v1/responses/:id", run: deleteResponse },
    { method: "POST", path: "/v1/responses/:id/cancel", run: cancelResponse },
    { method: "GET", path: "/v1/responses/:id/input_items", run: listInputItems },
    { method: "POST", path: "/v1/messages", run: messages },
    { method: "POST", path: "/v1/messages/count_tokens", run: countTokens },
    { method: "POST", path: "/v1/embeddings", run: embeddings },
    { method: "POST", path: "/v1/syscalls/:id", run: syscall },
    { method: "GET", path: "/v1/calls/:id", run: call },
    { method: "GET", path: "/v1/events", run: events },
    { method: "GET", path: "/v1/models", run: models },
    { method: "GET", path: "/v1/models/:id{.+}", run: model },
    { method: "GET", path: "/s/:id", run: createSharePage() },
    {
      method: "GET",
      path: "/healthz",
      run: ({ outgoing }) => answer(outgoing, JSON.stringify({ status: "ok", ...about })),
    },
    {
      method: "GET",
      path: "/readyz",
      run: ({ outgoing }) =>
        kernel.isReady
          ? answer(outgoing, JSON.stringify({ status: "ready" }))
          : answer(outgoing, nativeDialect.body(toProblem(notReady()), null), {
              status: 503,
              contentType: nativeDialect.contentType,
            }),
    },
    {
      method: "GET",
      path: "/metrics",
      async run({ incoming, outgoing }) {
        requireScope(authenticate(kernel, incoming.headers), "sys.status");
        const { contentType, body } = await page.render();
        answer(outgoing, body, { contentType });
      },
    },
    {
      method: "GET",
      path: "/openapi.json",
      run: ({ outgoing }) => answer(outgoing, (openapi ??= JSON.stringify(openapiDocument(about)))),
    },
    {
      method: "GET",
      path: "/docs",
      run: ({ outgoing }) =>
        answer(outgoing, (docs ??= docsPage(about)), {
          contentType: "text/html; charset=utf-8",
          headers: { "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'" },
        }),
    },
  ];
}

const notReady = (): SysError =>
  new SysError("ENODEV", "the kernel takes no calls now: it is starting or shutting down", { retryAfterMs: 1_000 });

const nativePaths = /^\/v1\/(syscalls|calls|events)(\/|$)/;

/** In whose words a path's errors are told: by whom its clients are. */
export function dialectOf(path: string, headers: Exchange["incoming"]["headers"]): Dialect {
  if (!path.startsWith("/v1/") || nativePaths.test(path)) return nativeDialect;
  if (path.startsWith("/v1/messages") || headers["anthropic-version"] !== undefined) return anthropicDialect;
  return openaiDialect;
}

/** Edits (insert, delete, replace) between two texts. */
function distance(left: string, right: string): number {
  let before = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const line = [row];
    for (let column = 1; column <= right.length; column++) {
      const replaced = (before[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      line.push(Math.min(replaced, (before[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1));
    }
    before = line;
  }
  return before[right.length] ?? 0;
}

const shown = (path: string): string => path.replace(/:(\w+)(\{[^}]*\})?/g, "{$1}");

/** The known path that was probably meant: one that ends like it, else the one with the fewest edits. */
export function nearestPath(routes: readonly Route[], path: string): string {
  const paths = routes.map((route) => route.path);
  const meant = path.length > 3 ? paths.find((known) => known.endsWith(path.replace(/\/$/, ""))) : undefined;
  // Long paths are cut: the distance is quadratic, and the path is the client's.
  const nearest = paths.toSorted(
    (left, right) => distance(left, path.slice(0, 100)) - distance(right, path.slice(0, 100)),
  );
  return shown(meant ?? nearest[0] ?? "/docs");
}

export const unknownPath = (asked: { method: string; path: string; nearest: string }): SysError =>
  new SysError("ENOSYS", `nothing is served at ${asked.method} ${asked.path.slice(0, 200)}`, {
    hint: `did you mean ${asked.nearest}? /docs lists all`,
  });

export const wrongMethod = (path: string, methods: readonly string[]): SysError =>
  new SysError("ENOSYS", `${path.slice(0, 200)} takes ${methods.join(" or ")}`);
