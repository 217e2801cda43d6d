import { SysError } from "@aiosjs/sdk/protocol";
import { createServer as createPlainServer } from "node:http";
import type { Server, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Kernel } from "../kernel/ports.ts";
import { createListener, shuttingDown } from "./app.ts";
import type { Doors } from "./exchange.ts";
import { createGuard, isLoopback } from "./guard.ts";
import { OpenReadings } from "./reading.ts";
import { Crowd } from "./sse.ts";
import { defaultWaits } from "./waits.ts";
import type { Waits } from "./waits.ts";

export interface ServeOptions {
  /** Address to bind. Default 127.0.0.1; any other but the loopback needs `allowedHosts`, keys, and TLS or a proxy. */
  readonly host?: string;
  /** Default 4141; 0 takes any free one. */
  readonly port?: number;
  /** What `Host` may say beyond the loopback's names: `name` or `name:port`. */
  readonly allowedHosts?: readonly string[];
  /** Larger requests are refused with E2BIG. Default 32 MiB. */
  readonly maxBodyBytes?: number;
  /** An answer that nothing can hold open ends with EAGAIN after it. Default 240,000. */
  readonly maxWaitMs?: number;
  /** The other waits; see there. */
  readonly waits?: Partial<Omit<Waits, "maxWaitMs">>;
  /** PEM texts. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** A proxy in front of us ends TLS. */
  readonly trustProxy?: boolean;
  /** Whether any key has been made. */
  readonly hasKeys?: boolean;
  /** Answers under way may end within it when the server closes. Default 5,000. */
  readonly graceMs?: number;
}

export interface Listening extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

/** The official Python client keeps idle connections for 5 s: the one who closes must be the client. */
const keepAliveMs = 75_000;

function checkBind(host: string, options: ServeOptions): void {
  if (isLoopback(host)) return;
  const missing = [
    ...((options.allowedHosts ?? []).length > 0 ? [] : ["server.allowedHosts (what Host may say)"]),
    ...(options.tls || options.trustProxy ? [] : ["server.tls, or server.trustProxy behind a proxy that ends TLS"]),
    ...(options.hasKeys ? [] : ["a key (aios key new)"]),
  ];
  if (missing.length > 0)
    throw new SysError(
      "EINVAL",
      `${host} can be reached from other machines, and this is missing: ${missing.join("; ")}`,
      {
        hint: "set it, or bind to 127.0.0.1",
      },
    );
}

function bindError(cause: NodeJS.ErrnoException, host: string, port: number): SysError {
  const where = `port ${port} on ${host}`;
  if (cause.code === "EADDRINUSE")
    return new SysError("EBUSY", `${where} is in use`, {
      cause,
      hint: "--port 0 picks a free one; `aios status` shows whether a kernel is there already",
    });
  if (cause.code === "EACCES")
    return new SysError("EACCES", `${where} needs more rights`, { cause, hint: "take a port above 1023" });
  if (cause.code === "EADDRNOTAVAIL" || cause.code === "ENOTFOUND")
    return new SysError("EINVAL", `${host} is not an address of this machine`, {
      cause,
      hint: "bind to 127.0.0.1, or to an address that this machine has",
    });
  return new SysError("EIO", `cannot listen on ${where}: ${cause.message}`, { cause });
}

const listen = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException): void => reject(bindError(cause, host, port));
    server.once("error", onError);
    server.listen({ host, port }, () => {
      server.off("error", onError);
      resolve();
    });
  });

/** Who asks on this machine connects to the loopback even when all addresses are bound. */
const reachable = (host: string): string => {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
};

/**
 * Opens the doors of a kernel. Disposing of what comes back closes them: event streams end, calls under way get their
 * grace time, then EAGAIN.
 * @throws SysError EBUSY when the port is in use, EINVAL when the bind would be open to others unprotected.
 */
export async function serve(kernel: Kernel, options: ServeOptions = {}): Promise<Listening> {
  const { host = "127.0.0.1", port = 4141, allowedHosts = [], graceMs = 5_000 } = options;
  checkBind(host, options);
  const closing = new AbortController();
  const readings = new OpenReadings();
  const doors: Doors = {
    kernel,
    maxBodyBytes: options.maxBodyBytes ?? 32 * 1024 * 1024,
    waits: { ...defaultWaits, ...options.waits, maxWaitMs: options.maxWaitMs ?? defaultWaits.maxWaitMs },
    readings,
    crowd: new Crowd(),
    closing: closing.signal,
  };
  const answers = new OpenAnswers();
  const toDoors = createListener(doors, createGuard({ allowedHosts }));
  const listener: typeof toDoors = (incoming, outgoing) => {
    answers.add(outgoing);
    toDoors(incoming, outgoing);
  };
  const server: Server = options.tls ? createTlsServer(options.tls, listener) : createPlainServer(listener);
  server.keepAliveTimeout = keepAliveMs;
  await listen(server, host, port);

  const close = async (): Promise<void> => {
    closing.abort(shuttingDown());
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
    await within(graceMs, answers.ended());
    readings.stop(shuttingDown());
    // What was written last leaves before the sockets close; a client that does not read is not waited for.
    await within(Math.min(graceMs, 500), answers.ended());
    server.closeAllConnections();
    await closed;
  };
  let closed: Promise<void> | undefined;
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `${options.tls ? "https" : "http"}://${reachable(host)}:${bound}`,
    port: bound,
    [Symbol.asyncDispose]: () => (closed ??= close()),
  };
}

/** Answers that have not left yet. */
class OpenAnswers {
  readonly #open = new Set<ServerResponse>();
  #onEnded: (() => void) | undefined;

  add(outgoing: ServerResponse): void {
    this.#open.add(outgoing);
    outgoing.once("close", () => {
      this.#open.delete(outgoing);
      if (this.#open.size === 0) this.#onEnded?.();
    });
  }

  ended(): Promise<void> {
    return this.#open.size === 0 ? Promise.resolve() : new Promise((resolve) => (this.#onEnded = resolve));
  }
}

/** Waits for what is awaited, but no longer than `ms`. */
async function within(ms: number, awaited: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([awaited, timeout]);
  clearTimeout(timer);
}
