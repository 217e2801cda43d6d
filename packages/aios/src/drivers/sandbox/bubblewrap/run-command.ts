import type { Readable } from "node:stream";
import { SysError } from "@aiosjs/sdk/protocol";
import type { Clock, SandboxCommand, SandboxEvent } from "../../../kernel/ports.ts";
import type { Turn } from "./cell.ts";
import { untilFull } from "./memory-watch.ts";

interface RunOptions {
  readonly clock: Clock;
  readonly outputBytes: number;
  readonly wallMs: number;
  readonly memoryBytes: number;
  readonly signal: AbortSignal;
  readonly command: SandboxCommand;
}

/** Of output that nobody has taken yet; beyond it the program waits. */
const pendingBytes = 1024 * 1024;

type Output = Extract<SandboxEvent, { type: "output" }>;

/** The events of a command that a cell was told. Ends when nothing of it lives any more. */
export async function* runCommand(turn: Turn, options: RunOptions): AsyncGenerator<SandboxEvent, void, undefined> {
  const { clock, outputBytes, wallMs, memoryBytes, signal, command } = options;
  const done = new AbortController();
  const output = collect(turn, outputBytes);
  let exceeded: "wallMs" | "memoryBytes" | undefined;
  const killFor = (bound: "wallMs" | "memoryBytes"): void => {
    exceeded ??= bound;
    turn.kill();
  };
  const onAbort = (): void => turn.kill();
  signal.addEventListener("abort", onAbort, { once: true });
  const watching = Promise.all([
    clock.wakeAt(clock.nowMs() + wallMs, done.signal).then(() => killFor("wallMs")),
    untilFull({ clock, memoryBytes, firstProcess: () => turn.firstProcess(), signal: done.signal }).then(() =>
      killFor("memoryBytes"),
    ),
  ]).catch((fault: unknown) => {
    if (!done.signal.aborted) throw fault;
  });
  try {
    if (signal.aborted) turn.kill();
    yield* output.events();
    const { code, wasKilled, fault, failure } = await turn.ended;
    if (signal.aborted) throw new SysError("ECANCELED", "the command was aborted", { cause: signal.reason });
    if (fault !== "" && !wasKilled) throw faultError(fault, command);
    if (failure !== undefined && !wasKilled) throw startError(failure);
    const wasEnded = wasKilled || code === null;
    yield {
      type: "ended",
      code: wasEnded ? null : code,
      signal: wasEnded ? "SIGKILL" : null,
      ...(exceeded === undefined ? {} : { exceeded }),
      droppedBytes: output.dropped(),
    };
  } finally {
    signal.removeEventListener("abort", onAbort);
    turn.kill();
    output.leave();
    await turn.ended;
    done.abort();
    await watching;
  }
}

function faultError(fault: string, { argv, folder }: SandboxCommand): SysError {
  if (fault === "folder") return new SysError("ENOENT", `there is no folder ${JSON.stringify(folder)} in the sandbox`);
  if (fault === "program") {
    return new SysError("ENOENT", `there is no program ${JSON.stringify(argv[0])} in the sandbox`, {
      hint: "programs of the machine's /usr are there; others have to be given as views",
    });
  }
  return new SysError("EIO", `the sandbox cannot run a command: ${fault}`);
}

/** What bubblewrap, or what stands before it, said instead of starting. */
const startError = (said: string): SysError =>
  new SysError("EIO", `the sandbox cannot be started: ${said.trim().split("\n").at(-1) ?? ""}`, {
    hint: "aios doctor --sandbox",
  });

/** Both streams in the order in which they come; the reader's pace holds the program back. */
function collect(turn: Turn, outputBytes: number) {
  const queue: Output[] = [];
  let [open, kept, dropped, pending] = [2, 0, 0, 0];
  let wake: (() => void) | undefined;
  const streams = { stdout: turn.stdout, stderr: turn.stderr } as const;
  const follow = (name: keyof typeof streams, stream: Readable): void => {
    stream.on("data", (chunk: Buffer) => {
      const bytes = chunk.subarray(0, outputBytes - kept);
      kept += bytes.length;
      dropped += chunk.length - bytes.length;
      if (bytes.length === 0) return;
      queue.push({ type: "output", stream: name, bytes });
      pending += bytes.length;
      if (pending > pendingBytes) for (const one of Object.values(streams)) one.pause();
      wake?.();
    });
    stream.once("close", () => {
      open--;
      wake?.();
    });
  };
  follow("stdout", streams.stdout);
  follow("stderr", streams.stderr);
  return {
    async *events(): AsyncGenerator<Output, void, undefined> {
      for (;;) {
        for (const event of queue.splice(0)) {
          pending -= event.bytes.length;
          yield event;
        }
        if (pending === 0) for (const one of Object.values(streams)) one.resume();
        if (queue.length > 0) continue;
        if (open === 0) return;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    dropped: () => dropped,
    leave: () => {
      for (const stream of Object.values(streams)) stream.destroy();
    },
  };
}
