import { getRequestListener } from "@hono/node-server";
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { SysError, toProblem } from "@aiosjs/sdk/protocol";
import { Hono } from "hono";
import type { IncomingMessage, ServerResponse } from "node:http";
import { refuse, refuseThrown } from "./dialect.ts";
import type { Doors, Exchange } from "./exchange.ts";
import type { Guard } from "./guard.ts";
import { nativeDialect } from "./native/problem.ts";
import { createRoutes, dialectOf, nearestPath, unknownPath, wrongMethod } from "./routes.ts";

type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/** All doors behind one listener. hono finds the route; answers are written to the socket by the doors themselves. */
export function createListener(doors: Doors, guard: Guard): Listener {
  const routes = createRoutes(doors);
  const app = new Hono<{ Bindings: HttpBindings }>();

  const exchangeOf = (path: string, { incoming, outgoing }: HttpBindings): Exchange => ({
    doors,
    incoming,
    outgoing,
    dialect: dialectOf(path, incoming.headers),
  });

  for (const { method, path, run } of routes) {
    app.on(method, path, async (context) => {
      const exchange = exchangeOf(context.req.path, context.env);
      try {
        await run(exchange, context.req.param("id") ?? "");
      } catch (thrown) {
        fail(exchange, thrown);
      }
      return RESPONSE_ALREADY_SENT;
    });
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes.filter((route) => route.path === path).map(({ method }) => method);
    app.all(path, (context) => {
      const { outgoing, dialect } = exchangeOf(context.req.path, context.env);
      const problem = { ...toProblem(wrongMethod(context.req.path, methods)), status: 405 };
      refuse(outgoing, dialect, { problem, status: 405, headers: { allow: methods.join(", ") } });
      return RESPONSE_ALREADY_SENT;
    });
  }
  app.notFound((context) => {
    const { method, path } = context.req;
    const nearest = nearestPath(routes, path);
    // In the words of those who meant that path.
    const { outgoing, dialect } = exchangeOf(path.startsWith("/v1/messages") ? path : nearest, context.env);
    refuseThrown(outgoing, dialect, unknownPath({ method, path, nearest }));
    return RESPONSE_ALREADY_SENT;
  });

  // The globals stay as they are: we are a guest in programs that embed the kernel.
  const toHono = getRequestListener(app.fetch, {
    overrideGlobalObjects: false,
    // Only what is no address at all gets here: the routes take the rest.
    errorHandler: (cause) => {
      const error = new SysError("EINVAL", "the request's address is wrong", {
        cause,
        hint: "/docs lists what is served",
      });
      const { contentType } = nativeDialect;
      return new Response(nativeDialect.body(toProblem(error), null), {
        status: 400,
        headers: { "content-type": contentType },
      });
    },
  });
  return (incoming, outgoing) => {
    const { headers, url = "/" } = incoming;
    // A write that meets a closed socket: the client is gone, and `close`, which all wait for, follows.
    outgoing.on("error", () => undefined);
    const dialect = dialectOf(url.split("?", 1)[0] ?? "/", headers);
    try {
      guard(headers);
      if (doors.closing.aborted) throw shuttingDown();
    } catch (thrown) {
      outgoing.shouldKeepAlive = false;
      refuseThrown(outgoing, dialect, thrown);
      return;
    }
    toHono(incoming, outgoing).catch((thrown: unknown) => refuseThrown(outgoing, dialect, thrown));
  };
}

export const shuttingDown = (): SysError =>
  new SysError("EAGAIN", "the server is shutting down", { retryAfterMs: 2_000, hint: "send it again when it is back" });

/** An answer that has begun cannot take an error any more: it is broken off, which no client takes for its end. */
function fail({ outgoing, dialect }: Exchange, thrown: unknown): void {
  if (outgoing.headersSent) outgoing.destroy();
  else refuseThrown(outgoing, dialect, thrown);
}
