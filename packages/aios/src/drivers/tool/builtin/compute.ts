import { SysError } from "@aiosjs/sdk/protocol";
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Computation, ComputationNews } from "./compute-child.ts";

export interface ComputerOptions {
  /** One computation may take so long, not counting the loading of the library. Default 2,000. */
  readonly maxComputeMs?: number;
  /** Heap of the computing process. Default 256 MiB, of which mathjs takes about 60. */
  readonly maxComputeMiB?: number;
}

export interface Computer extends AsyncDisposable {
  /** @throws SysError EINVAL with the library's sentence, or when the computation takes too long or too much memory. */
  compute(computation: Computation, signal: AbortSignal): Promise<string>;
}

/** Loading a library on a busy machine; only reached when something is broken. */
const maxLoadMs = 30_000;
const program = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./compute-child.ts" : "./compute-child.js", import.meta.url),
);

/**
 * Runs what a model wrote (formulas, queries: both languages can loop for ever) in a process of its own, one at a time,
 * so that it can be ended and never holds up the kernel. A thread would not do: measured on Node 24, a thread that hits
 * its heap limit in one large allocation takes the whole process down. This bounds time and memory; it is no sandbox,
 * the two languages have no way to the machine. The process starts at the first computation.
 */
export function openComputer({ maxComputeMs = 2_000, maxComputeMiB = 256 }: ComputerOptions): Computer {
  let idle: ChildProcess | undefined;
  let last: Promise<unknown> = Promise.resolve();

  const start = (): ChildProcess => {
    const child = fork(program, [], {
      env: {},
      execArgv: [`--max-old-space-size=${maxComputeMiB}`],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      serialization: "advanced",
    });
    // It ends when its channel closes, so that it need not keep the kernel alive.
    child.unref();
    child.channel?.unref();
    // One that is being killed may still report so, to nobody; a computation adds its own listener.
    child.on("error", () => undefined);
    return child;
  };

  const run = async (computation: Computation, signal: AbortSignal): Promise<string> => {
    signal.throwIfAborted();
    const child = idle?.connected ? idle : start();
    idle = undefined;
    // While it computes it does: somebody waits for the answer.
    child.channel?.ref();
    try {
      const text = await answerOf(child, computation, { maxComputeMs, signal });
      idle = child;
      return text;
    } catch (cause) {
      if (cause instanceof Refused) {
        idle = child;
        throw new SysError("EINVAL", cause.message);
      }
      child.kill("SIGKILL");
      if (cause instanceof Died)
        throw new SysError("EINVAL", `the ${nounOf(computation)} took more than ${maxComputeMiB} MiB and was stopped`, {
          cause,
        });
      throw cause;
    } finally {
      child.channel?.unref();
    }
  };

  return {
    compute(computation, signal) {
      const turn = last.then(() => run(computation, signal));
      // The next one starts after this one has ended, however it ended.
      last = turn.catch(() => undefined);
      return turn;
    },
    async [Symbol.asyncDispose]() {
      await last;
      if (!idle || idle.exitCode !== null || idle.signalCode !== null) return;
      const gone = once(idle, "exit");
      idle.kill("SIGKILL");
      await gone;
    },
  };
}

/** The library's own word about a wrong formula or query. */
class Refused extends Error {}
class Died extends Error {}

function answerOf(
  child: ChildProcess,
  computation: Computation,
  { maxComputeMs, signal }: { maxComputeMs: number; signal: AbortSignal },
): Promise<string> {
  return new Promise((resolve, reject) => {
    let hasBegun = false;
    const give = (settle: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      child.off("message", onNews).off("exit", onExit).off("error", onError);
      settle();
    };
    const expire = (): void =>
      give(() =>
        reject(
          hasBegun
            ? new SysError("EINVAL", `the ${nounOf(computation)} took more than ${maxComputeMs} ms and was stopped`)
            : new SysError("EIO", "the calculation library could not be loaded"),
        ),
      );
    let timer = setTimeout(expire, maxLoadMs);
    const onAbort = (): void => give(() => reject(signal.reason as Error));
    const onError = (cause: Error): void => give(() => reject(cause));
    const onExit = (): void =>
      give(() =>
        reject(hasBegun ? new Died("ended by its heap limit") : new Error("the computing process did not start")),
      );
    const onNews = (message: unknown): void => {
      const news = message as ComputationNews;
      if (news.type === "began") {
        hasBegun = true;
        clearTimeout(timer);
        timer = setTimeout(expire, maxComputeMs);
      } else if (news.type === "done") give(() => resolve(news.text));
      else give(() => reject(new Refused(news.message)));
    };
    signal.addEventListener("abort", onAbort, { once: true });
    child.on("message", onNews).on("exit", onExit).on("error", onError);
    child.send(computation, (cause) => {
      if (cause) onError(cause);
    });
  });
}

const nounOf = ({ kind }: Computation): string => (kind === "calculate" ? "calculation" : "query");
