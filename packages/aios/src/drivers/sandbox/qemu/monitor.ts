import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { SysError } from "@aiosjs/sdk/protocol";
import { z } from "zod";

const message = z.union([
  z.object({ return: z.unknown() }),
  z.object({ error: z.object({ desc: z.string() }) }),
  z.object({ event: z.string() }),
  z.object({ QMP: z.unknown() }),
]);

/** QEMU's own door (QMP): commands in turn, each with its answer. */
export class Monitor {
  readonly #socket: Socket;
  readonly #waiting: PromiseWithResolvers<unknown>[] = [];
  #isClosed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    const lines = createInterface({ input: socket });
    lines.on("line", (line) => this.#take(line));
    // A closed socket is all that has to be known of its fault.
    for (const one of [socket, lines]) one.on("error", () => undefined);
    socket.on("close", () => {
      this.#isClosed = true;
      for (const { reject } of this.#waiting.splice(0)) reject(ended());
    });
  }

  /** @throws SysError EIO it says no, or has ended. */
  async ask(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    if (this.#isClosed) throw ended();
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.push(answer);
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    return await answer.promise;
  }

  #take(line: string): void {
    const read = message.safeParse(parsed(line));
    if (!read.success) return;
    if ("return" in read.data) this.#waiting.shift()?.resolve(read.data.return);
    else if ("error" in read.data)
      this.#waiting.shift()?.reject(new SysError("EIO", `QEMU refuses: ${read.data.error.desc}`));
  }
}

const ended = (): SysError => new SysError("EIO", "the virtual machine has ended");

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
