import { fork, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A process of its own that answers requests: load and upstreams must not share an event loop with what is measured. */
export interface Child<Request, Answer> extends AsyncDisposable {
  ask(request: Request): Promise<Answer>;
}

type Reply<Answer> = { ok: true; answer: Answer } | { ok: false; error: string };

/** Sources run unbuilt under a condition of their own; the built package runs as it is. */
const isSource = import.meta.url.endsWith(".ts");
const sourceFlags = isSource ? ["--conditions=aios-source"] : [];
const fileOf = (path: string) => fileURLToPath(new URL(`${path}${isSource ? ".ts" : ".js"}`, import.meta.url));

/** Starts a module of this folder that calls `serveParent`. One request at a time. */
export function startChild<Request, Answer>(name: string, flags: readonly string[] = []): Child<Request, Answer> {
  const child = fork(fileOf(`./${name}`), [], {
    execArgv: [...sourceFlags, ...flags],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  return {
    ask: async (request) => {
      const answered = new AbortController();
      const reply = once(child, "message", { signal: answered.signal });
      const gone = once(child, "exit", { signal: answered.signal });
      child.send(request as object);
      try {
        const [first] = (await Promise.race([reply, gone])) as [Reply<Answer> | number | null];
        if (typeof first !== "object" || first === null) throw new Error(`${name} ended with exit code ${first}`);
        if (!first.ok) throw new Error(`${name}: ${first.error}`);
        return first.answer;
      } finally {
        answered.abort();
        // What was not waited for rejects with the abort.
        await Promise.allSettled([reply, gone]);
      }
    },
    [Symbol.asyncDispose]: () => stop(child, "SIGKILL"),
  };
}

/** The other end: answers each request of the parent, and ends with it. */
export function serveParent<Request, Answer>(answer: (request: Request) => Promise<Answer>): void {
  process.on("disconnect", () => process.exit());
  process.on("message", (request) => {
    answer(request as Request).then(
      (value) => process.send?.({ ok: true, answer: value } satisfies Reply<Answer>),
      (cause: unknown) => process.send?.({ ok: false, error: String(cause) } satisfies Reply<Answer>),
    );
  });
}

/** Starts the command line of this very installation. */
export function startAios(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, [...sourceFlags, fileOf("../cli/main"), ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Ends a child and waits until it is gone. */
export async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill(signal);
  await gone;
}
