// The process of a module: a program in JavaScript or TypeScript. It has no key and no way to the kernel but the channel to its
// parent; when that is cut, because the kernel was killed, it ends, and the next kernel starts it again.
import { pathToFileURL } from "node:url";
import { inLanes, isSysError } from "@aiosjs/sdk";
import type { Transport } from "@aiosjs/sdk";
import { isTerminal, SysError, toProblem } from "@aiosjs/sdk/protocol";
import type { SysEvent } from "@aiosjs/sdk/protocol";
import { oneByOne } from "./one-by-one.ts";
import type { FromModule, ToModule } from "./module-wire.ts";

type CallOptions = Extract<FromModule, { is: "call" }>["options"];

/** What a module exports as its default: `defineAgent(…)`. */
interface Program {
  run(task: string, options: { transport: Transport }): Promise<unknown>;
}

const tell = (message: FromModule): void => void process.send?.(message);
/** Ends the channel once the message is in it: cut earlier, or left alone by the loop, a long one would be lost. */
function tellLast(message: FromModule): void {
  process.channel?.ref();
  process.send?.(message, () => process.connected && process.disconnect());
}

/** Answers that came together are given one after the other, as they were when they came alone: races end as they did. */
const inTurn = oneByOne(setImmediate);
/** Events of the calls under way, and who waits for them. */
const open = new Map<number, { batches: (readonly SysEvent[])[]; wake: () => void }>();
let lastId = 0;

const channel: Transport = {
  async *syscall(name, args, { signal, ...options } = {}) {
    const id = ++lastId;
    const call = { batches: [] as (readonly SysEvent[])[], wake: () => undefined as void };
    open.set(id, call);
    tell({ is: "call", id, name, args: args ?? {}, options: options as CallOptions });
    const leave = (): void => tell({ is: "left", id });
    if (signal?.aborted) leave();
    signal?.addEventListener("abort", leave, { once: true });
    let isOver = false;
    try {
      while (!isOver) {
        const batch = call.batches.shift();
        if (batch) {
          isOver = batch.some(isTerminal);
          yield batch;
        } else await new Promise<void>((resolve) => (call.wake = resolve));
      }
    } finally {
      open.delete(id);
      signal?.removeEventListener("abort", leave);
      if (!isOver) leave();
    }
  },
};

async function programIn(file: string): Promise<Program> {
  const { default: program } = (await import(pathToFileURL(file).href)) as { default?: Partial<Program> };
  if (typeof program?.run === "function") return program as Program;
  throw new SysError("EINVAL", `${file} has no program`, {
    hint: "export default defineAgent(async (proc, task) => …)",
  });
}

function fail(cause: unknown): void {
  const message = cause instanceof Error ? cause.message : String(cause);
  // The stack is for whoever wrote the module: it goes to its own log.
  if (!isSysError(cause) && cause instanceof Error) process.stderr.write(`${cause.stack ?? message}\n`);
  isOver = true;
  tellLast({ is: "threw", problem: isSysError(cause) ? toProblem(cause) : null, message });
}

let heard = 0;
let isOver = false;

process.on("message", (message: ToModule) => {
  heard++;
  if (message.is === "events") {
    inTurn(() => {
      const call = open.get(message.id);
      call?.batches.push(message.events);
      call?.wake();
      process.channel?.unref();
    });
    return;
  }
  const { file, task } = message;
  programIn(file)
    .then((program) => program.run(task, { transport: inLanes(channel) }))
    .then((result) => {
      isOver = true;
      tellLast({ is: "returned", result });
    }, fail);
});
process.on("uncaughtException", fail);

// Left alone, the loop ends when the program has neither timers nor sockets of its own: then only an answer can take it further.
process.on("beforeExit", () => {
  if (isOver) return;
  tell({ is: "quiet", heard });
  process.channel?.ref();
});
// The kernel is gone, or has what it wanted.
process.on("disconnect", () => process.exit());
