import { randomUUID, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { SysError } from "@aiosjs/sdk/protocol";
import { egressEnvironment } from "../egress.ts";

/** Where a sandbox finds the proxy. */
export interface DoorAddress {
  readonly port: number;
  /** Asked for by the door: every user of the machine reaches the loopback, and secrets are filled in behind it. */
  readonly word: string;
}

export interface Door extends AsyncDisposable {
  readonly address: DoorAddress;
}

/** Of a request's head; what is longer is none of a program that means well. */
const maxHeadBytes = 64 * 1024;
const headMs = 30_000;

/**
 * A port of the loopback, the only one that a sandbox reaches, which hands connections on to the proxy's socket. Here and
 * not inside, as on Linux: there is no network of the sandbox's own, so that inside it would take the right to listen on
 * the machine's.
 */
export async function openDoor(socketPath: string, earlier?: DoorAddress): Promise<Door> {
  const word = earlier?.word ?? randomUUID();
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    follow(client, open);
    admit(client, word, (head, rest) => {
      const proxy = connect({ path: socketPath, allowHalfOpen: true });
      follow(proxy, open);
      proxy.write(Buffer.concat([head, rest]));
      client.pipe(proxy).pipe(client);
      for (const [one, other] of [
        [client, proxy],
        [proxy, client],
      ] as const)
        one.on("close", () => other.destroy());
    });
  });
  const port = await listen(server, earlier?.port ?? 0).catch((cause: unknown) => {
    // Somebody else has taken it meanwhile: what is started from now on finds the new one.
    if (earlier === undefined) throw cause;
    return listen(server, 0);
  });
  return {
    address: { port, word },
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

/** What programs go by to find it. */
export function doorEnvironment({ port, word }: DoorAddress): Readonly<Record<string, string>> {
  const proxy = `http://aios:${word}@127.0.0.1:${port}`;
  return { ...egressEnvironment, http_proxy: proxy, https_proxy: proxy, HTTP_PROXY: proxy, HTTPS_PROXY: proxy };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen({ host: "127.0.0.1", port });
  try {
    await once(server, "listening");
  } catch (cause) {
    throw new SysError("EIO", "the sandbox's way out cannot be opened", { cause });
  }
  // It keeps no process from ending.
  server.unref();
  return (server.address() as AddressInfo).port;
}

function follow(socket: Socket, open: Set<Socket>): void {
  open.add(socket);
  socket.once("close", () => open.delete(socket));
  // Whoever broke it off knows.
  socket.on("error", () => socket.destroy());
}

/** Lets through whose first request says the word. The head goes on without it. */
function admit(client: Socket, word: string, pass: (head: Uint8Array, rest: Uint8Array) => void): void {
  let said = Buffer.alloc(0);
  client.setTimeout(headMs, () => client.destroy());
  const refuse = (status: string): void => {
    client.off("data", hear);
    client.end(
      `HTTP/1.1 ${status}\r\nProxy-Authenticate: Basic realm="aios"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    );
  };
  const hear = (chunk: Buffer): void => {
    said = Buffer.concat([said, chunk]);
    const end = said.indexOf("\r\n\r\n");
    if (end < 0) {
      if (said.length > maxHeadBytes) refuse("431 Request Header Fields Too Large");
      return;
    }
    const lines = said.subarray(0, end).toString("latin1").split("\r\n");
    const isWord = (line: string): boolean => /^proxy-authorization:/i.test(line);
    if (!lines.some((line) => isWord(line) && isSame(line.replace(/^[^:]*:\s*/, "").trim(), word)))
      return refuse("407 Proxy Authentication Required");
    client.off("data", hear);
    client.pause();
    client.setTimeout(0);
    const head = `${lines.filter((line) => !isWord(line)).join("\r\n")}\r\n\r\n`;
    pass(Buffer.from(head, "latin1"), said.subarray(end + 4));
  };
  client.on("data", hear);
}

function isSame(given: string, word: string): boolean {
  const [one, other] = [given, `Basic ${Buffer.from(`aios:${word}`).toString("base64")}`].map((text) =>
    Buffer.from(text),
  );
  return one!.length === other!.length && timingSafeEqual(one!, other!);
}
