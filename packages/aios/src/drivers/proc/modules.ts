import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { fromProblem, SysError } from "@aiosjs/sdk/protocol";
import type { ProgramContext } from "../../kernel/ports.ts";
import { hostProcess } from "./host-processes.ts";
import { startModule } from "./start-module.ts";
import type { ModuleJail } from "./start-module.ts";
import type { FromModule, ToModule } from "./module-wire.ts";

/** For what it has printed to be read when it is over. */
const LAST_WORDS_MS = 1_000;

/**
 * Runs a program in a process of its own to its end: in a sandbox of `jail`, else with all rights of this user. Resolves with
 * what it returned.
 * @throws SysError what the program threw; EIO with `isDeath` when its process was killed; ENOENT, ENOSYS no sandbox can be made.
 */
export async function runModule(
  context: ProgramContext,
  { file, task }: { file: string; task: string },
  jail?: ModuleJail,
): Promise<unknown> {
  const { signal } = context;
  const print = (text: string): void => context.print(text);
  signal.throwIfAborted();
  await using started = await startModule(context, { file, jail });
  const { child } = started;
  const kill = (): void => killGroup(child);
  signal.addEventListener("abort", kill, { once: true });
  const calls = new Map<number, () => void>();
  const end = Promise.withResolvers<unknown>();
  let told = 0;
  const say = (message: ToModule): void => {
    // Whoever is gone already needs no answer.
    if (!child.connected) return;
    told++;
    child.send(message, () => undefined);
  };
  // Anybody in its process can write to the channel, and libraries do: what is none of its words is passed over.
  child.on("message", (message: FromModule | null) => {
    switch (message?.is) {
      case "quiet":
        // What is on its way to it may take it further.
        return context.quiet(() => message.heard === told);
      case "call":
        return void carry(message, { say, calls, context });
      case "left":
        return calls.get(message.id)?.();
      case "returned":
        return end.resolve(message.result);
      case "threw":
        return end.reject(message.problem ? fromProblem(message.problem) : new Error(message.message));
      case undefined:
    }
  });
  const printed = Promise.all([copy(child.stdout, print), copy(child.stderr, print)]);
  child.once("error", (cause) =>
    end.reject(new SysError("EIO", `${file} cannot be started: ${cause.message}`, { cause })),
  );
  child.once("exit", (code, killedBy) => {
    const by = killedBy ?? (jail ? signalIn(code) : undefined);
    const how = by ? `was killed by ${by}` : `exited with ${code} before it returned`;
    const died = Object.assign(new SysError("EIO", `the program ${how}`), { isDeath: by !== undefined });
    // Its calls are left to the kernel, which knows whether it is started again. Its last word may still be in the channel.
    if (child.connected) child.once("disconnect", () => end.reject(died));
    else setImmediate(() => end.reject(died));
  });
  const host = child.pid === undefined ? undefined : hostProcess(child.pid);
  if (host) context.started({ hostPid: host.hostPid, hostStartedAt: host.startedAt });
  say({ is: "begin", file: started.file, task });
  try {
    return await end.promise;
  } finally {
    signal.removeEventListener("abort", kill);
    // What it left running has nobody to answer for it.
    kill();
    // What is in a group of its own may hold its output open for ever.
    await Promise.race([printed, pause(LAST_WORDS_MS, undefined, { ref: false })]);
    for (const output of [child.stdout, child.stderr]) output?.destroy();
  }
}

/** What runs a sandbox's program says of its end what a shell does. */
const signalIn = (code: number | null): string | undefined =>
  Object.entries(constants.signals).find(([, number]) => number === (code ?? 0) - 128)?.[0];

/** A call of the module: events go down the channel as they come. */
async function carry(
  { id, name, args, options }: Extract<FromModule, { is: "call" }>,
  {
    say,
    calls,
    context,
  }: { say: (message: ToModule) => void; calls: Map<number, () => void>; context: ProgramContext },
): Promise<void> {
  const left = new AbortController();
  calls.set(id, () => left.abort());
  // It calls as itself, and in no other's name.
  const own = pick(options, ["nice", "class", "deadlineMs", "replayKey"]);
  for await (const events of context.transport.syscall(name, args, { ...own, signal: left.signal }))
    say({ is: "events", id, events });
  calls.delete(id);
}

async function copy(from: Readable | null, print: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  try {
    for await (const chunk of (from ?? []) as AsyncIterable<Buffer>) print(decoder.decode(chunk, { stream: true }));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") throw cause;
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause;
  }
}

const pick = <All extends object>(all: All, names: readonly (keyof All)[]): Partial<All> =>
  Object.fromEntries(names.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]]))) as Partial<All>;
