import { execFile } from "node:child_process";
import { chownSync, closeSync, constants, mkdirSync, openSync, rmSync, unlinkSync } from "node:fs";
import { promisify } from "node:util";
import { randomUUID } from "node:crypto";
import { join } from "node:path";

/** One that nobody else can open: its name is gone. */
export interface Pipe {
  readonly readable: number;
  readonly writable: number;
}

export interface Pipes {
  take(owner: { uid: number; gid: number }): Promise<Pipe>;
  /** Resolves when nothing is made in the folder any more. */
  close(): Promise<void>;
}

/** Made by one start of mkfifo. */
const batch = 64;

/**
 * Pipes for the output of commands. Node's own are sockets, which a program cannot open by name: `> /dev/stderr` in a
 * script would fail. Node cannot make pipes, but it can open a named one from both ends and remove the name.
 */
export function createPipes(folder: string): Pipes {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stock: string[] = [];
  let making: Promise<void> | undefined;
  const make = async (): Promise<void> => {
    const prefix = randomUUID();
    const names = Array.from({ length: batch }, (_, index) => join(folder, `${prefix}-${index}`));
    await promisify(execFile)("mkfifo", ["-m", "600", ...names], { env: { PATH: "/usr/bin:/bin" } });
    stock.push(...names);
  };
  const refill = (): Promise<void> => (making ??= make().finally(() => (making = undefined)));
  void refill().catch(() => undefined);
  return {
    async take({ uid, gid }) {
      while (stock.length === 0) await refill();
      const path = stock.pop()!;
      // A failed start of mkfifo is told to whoever finds the stock empty.
      if (stock.length < batch / 4) void refill().catch(() => undefined);
      if (process.getuid?.() === 0) chownSync(path, uid, gid);
      const readable = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        return { readable, writable: openSync(path, constants.O_WRONLY) };
      } catch (cause) {
        closeSync(readable);
        throw cause;
      } finally {
        unlinkSync(path);
      }
    },
    async close() {
      await making?.catch(() => undefined);
    },
  };
}
