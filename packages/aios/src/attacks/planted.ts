// What is planted outside: secrets, files, and servers that tell a secret to whoever reaches them.
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo, ListenOptions } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import type { Laid } from "./attack.ts";

export const secretWord = (): string => randomBytes(16).toString("hex");

/** A file that everybody of the machine may read, so that not its mode alone keeps it. */
export function plantFile(folder: string, mode = 0o644): { path: string; secret: string; end: () => void } {
  const secret = secretWord();
  const path = join(folder, `.aios-attack-${secretWord()}`);
  writeFileSync(path, `${secret}\n`, { mode });
  return { path, secret, end: () => rmSync(path, { force: true }) };
}

/** Tells a secret to everybody who connects. @throws where it cannot listen there. */
export async function plantServer(options: ListenOptions): Promise<{ port: number; secret: string; end: () => void }> {
  const secret = secretWord();
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.end(`${secret}\n`);
  });
  server.listen(options);
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "string" || address === null ? 0 : address.port;
  return { port, secret, end: () => void server.close() };
}

/** Takes datagrams, and tells what it was sent. */
export async function plantReceiver(
  address: string,
): Promise<{ port: number; received: string[]; send: (text: string, port: number) => void; end: () => void }> {
  const socket = createSocket("udp4");
  const received: string[] = [];
  socket.on("message", (message) => void received.push(message.toString("latin1")));
  socket.bind(0, address);
  await once(socket, "listening");
  const { port } = socket.address() as AddressInfo;
  return { port, received, send: (text, to) => socket.send(text, to, address), end: () => void socket.close() };
}

/** The machine's first address that is not its loopback. */
export function otherAddress(): { address: string; mac: string } | undefined {
  return Object.values(networkInterfaces())
    .flat()
    .find((one) => one !== undefined && !one.internal && one.family === "IPv4");
}

/** Nothing to plant: it is the kernel that lets it through, or does not. */
export const surface = (words: Laid["words"] = {}): Laid => ({ words });
