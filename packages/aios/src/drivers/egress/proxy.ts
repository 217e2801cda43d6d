import { chmod, chown, mkdir, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { dirname } from "node:path";
import type { Duplex } from "node:stream";
import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import { createEgress, refused } from "./egress.ts";
import type { EgressOptions } from "./egress.ts";
import { forward } from "./forward.ts";
import type { FindSecret } from "./secret-references.ts";
import { carryTunnel } from "./tunnel.ts";

export interface EgressProxyOptions extends EgressOptions {
  /** Its folder is made, for its owner alone; at most 100 bytes, which is what unix sockets take. */
  readonly socketPath: string;
  /** Who may connect, beside root: the sandbox's user where the kernel runs as root. Default: the kernel's own. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Default: there are no secrets. */
  readonly findSecret?: FindSecret;
  /** At once; more are answered 429. Default 64. */
  readonly maxConnections?: number;
  /** Of one connection, both ways together. Default 1 GiB. */
  readonly maxBytes?: number;
  /** Without a byte either way. Default 2 min. */
  readonly idleMs?: number;
  /** Of one request or answer. Default 32 KiB. */
  readonly maxHeaderBytes?: number;
}

/** A running proxy: the only way out of a sandbox. One for each sandbox: who connects is known by the socket. */
export interface EgressProxy extends AsyncDisposable {
  readonly socketPath: string;
}

const MOST_PATH_BYTES = 100;

/**
 * Listens on a unix socket for what an HTTP proxy is asked: tunnels (`CONNECT host:port`) and plain HTTP.
 * @throws SysError EINVAL for a path that is too long, EACCES or EIO where it cannot listen there.
 */
export async function openEgressProxy(options: EgressProxyOptions): Promise<EgressProxy> {
  const { socketPath, owner, maxConnections = 64, maxBytes = 2 ** 30, idleMs = 120_000 } = options;
  const { maxHeaderBytes = 32 * 1024, findSecret = noSecrets } = options;
  const egress = createEgress(options);
  const bounds = { bytes: maxBytes, idleMs };
  const open = new Set<Duplex>();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      await forward(request, response, { egress, findSecret, bounds, maxHeaderBytes });
    } catch (cause) {
      const { status, text, rule } = wordsOf(cause);
      response.writeHead(status, { "content-type": "text/plain; charset=utf-8", connection: "close", ...rule });
      response.end(text);
    }
  };

  const tunnel = async (request: IncomingMessage, client: Duplex, head: Buffer): Promise<void> => {
    client.on("error", () => undefined);
    const left = new AbortController();
    const leave = (): void => left.abort();
    client.once("close", leave);
    try {
      const target = egress.check(readAuthority(request.url ?? ""), "tunnel");
      const upstream = await egress.connect(target, { way: "tunnel", signal: left.signal });
      client.off("close", leave);
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      if (head.length > 0) client.unshift(head);
      await carryTunnel(client, upstream, { egress, target, bounds });
    } catch (cause) {
      client.end(refusalText(cause));
    }
  };

  const server = createServer({
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: 10_000,
    requestTimeout: 0,
    keepAliveTimeout: 5_000,
    connectionsCheckingInterval: 5_000,
  });
  server.timeout = idleMs;
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    if (open.size <= maxConnections) return;
    const target = { host: "-", port: 0 };
    const cause = refused({ target, way: "http", rule: "too-many", detail: `${maxConnections} are open` }, egress.tell);
    socket.on("error", () => undefined).end(refusalText(cause, 429));
  });
  server.on("request", (request, response) => void answer(request, response));
  server.on("connect", (request, client, head) => void tunnel(request, client, head));

  await listen(server, socketPath, owner);
  return {
    socketPath,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
      await rm(socketPath, { force: true });
    },
  };
}

const noSecrets: FindSecret = (name) =>
  Promise.reject(new SysError("EPOLICY", `secret://${name} is not given to this process`));

async function listen(
  server: ReturnType<typeof createServer>,
  path: string,
  owner: EgressProxyOptions["owner"],
): Promise<void> {
  if (Buffer.byteLength(path) > MOST_PATH_BYTES)
    throw new SysError("EINVAL", `the path of a socket may have ${MOST_PATH_BYTES} bytes: ${path}`, {
      hint: "choose a shorter folder",
    });
  try {
    // Nobody else is in the folder, so nobody connects before the rights are set.
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await chmod(dirname(path), 0o700);
    // Left by a kernel that was killed.
    await rm(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(path, () => resolve());
    });
    await chmod(path, 0o600);
    if (owner) for (const each of [path, dirname(path)]) await chown(each, owner.uid, owner.gid);
  } catch (cause) {
    server.close();
    const { code, message } = cause as NodeJS.ErrnoException;
    const errno = code === "EACCES" || code === "EPERM" ? "EACCES" : "EIO";
    throw new SysError(errno, `the proxy cannot listen at ${path}: ${message}`, { cause });
  }
}

/** `host:port` and nothing else; a host that is none is refused by the egress, which tells of it. */
function readAuthority(text: string): { host: string; port: number } {
  const [, host = text, port = "0"] = /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(text) ?? [];
  return { host, port: Number(port) };
}

const statuses: Readonly<Record<string, number>> = { EPOLICY: 403, EINVAL: 400, ENOENT: 403, ETIMEDOUT: 504 };

/** What the client is told: what was refused, and what a person can do. */
function wordsOf(cause: unknown): { status: number; text: string; rule: Record<string, string> } {
  if (!isSysError(cause)) return { status: 502, text: "the proxy failed\n", rule: {} };
  const { rule } = cause as { rule?: string };
  return {
    status: statuses[cause.code] ?? 502,
    text: `${cause.message}\n${cause.hint === undefined ? "" : `→ ${cause.hint}\n`}`,
    rule: rule === undefined ? {} : { "x-aios-refused": rule },
  };
}

function refusalText(cause: unknown, forced?: number): string {
  const { status, text, rule } = wordsOf(cause);
  const phrase = { 400: "Bad Request", 403: "Forbidden", 429: "Too Many Requests", 504: "Gateway Timeout" };
  const lines = [
    `HTTP/1.1 ${forced ?? status} ${phrase[(forced ?? status) as keyof typeof phrase] ?? "Bad Gateway"}`,
    "content-type: text/plain; charset=utf-8",
    `content-length: ${Buffer.byteLength(text)}`,
    "connection: close",
    ...Object.entries(rule).map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join("\r\n")}\r\n\r\n${text}`;
}
