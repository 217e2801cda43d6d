import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@aiosjs/sdk";
import { isSysError } from "@aiosjs/sdk";
import type { JailPlan } from "../command-jail.ts";
import type { CommandEnd, CommandProgram } from "./command-parent.ts";
import type { Lang } from "./text.ts";

/** A command as its parent knows it; plain data, so that it can be handed to a parent of its own. */
export interface CommandEntry {
  readonly pid: string;
  /** The kernel's home: its logs, and where a kernel that has started again says where it listens. Null: elsewhere. */
  readonly home: string | null;
  /** Where the kernel listened when the command was entered, and the key of whoever entered it. */
  readonly door: { readonly url: string; readonly key: string };
  readonly program: CommandProgram;
  /** The sandbox that it runs in, whole; null: none. */
  readonly jail: JailPlan | null;
  /** Whether it is started again when it dies. */
  readonly restart: "never" | "on-failure" | "always";
  /** In which words its log says so. */
  readonly lang: Lang;
}

/** What a command that is started again is given. */
interface NextStart {
  readonly url: string;
  readonly key: string;
  readonly incarnation: number;
  /** Calls that were recorded so far. */
  readonly calls: number;
}

export interface Patience {
  /** How long a kernel that is away is waited for. */
  readonly patienceMs: number;
  readonly signal?: AbortSignal;
  /** Called once, when the kernel does not answer at the first attempt. */
  readonly onAway?: () => void;
  /** Called when the kernel answers that there is no such process any more. */
  readonly onGone?: () => void;
}

/** What the parent of a command tells the kernel: where the command runs, and how it ended. */
export interface CommandAnswer {
  started(hostPid: number): void;
  /** Waits before the next start. False when nobody wants that any more: the process was killed, or the wait aborted. */
  pause(ms: number, signal: AbortSignal | undefined): Promise<boolean>;
  /**
   * Asks for the next start of a command that has died, if `mayGoOn` says so of the number of its calls. Undefined: it has
   * none, or the kernel did not come back within the patience.
   */
  again(mayGoOn: (calls: number) => boolean, patience: Patience): Promise<NextStart | undefined>;
  /** False when the kernel did not come back within the patience: the next one finds out by itself. */
  ended(end: CommandEnd, patience: Patience): Promise<boolean>;
}

const firstPauseMs = 200;
const longestPauseMs = 5_000;

/** The way to the kernel, and what the machine knows of a process. */
export interface CommandLink {
  connect(): Promise<Client>;
  /** Where the kernel listens now. */
  url(): Promise<string>;
  startOf(hostPid: number): string;
  /** Kills the command, with all that it has started. */
  kill(group: { readonly hostPid: number; readonly hostStartedAt: string }): void;
}

/** `connect` finds the kernel anew each time: after a restart it may listen elsewhere. */
export function answerFor({ pid }: CommandEntry, link: CommandLink): CommandAnswer {
  let hasEnded = new AbortController();
  let bound: Promise<unknown> = Promise.resolve();
  return {
    started(hostPid) {
      hasEnded = new AbortController();
      const hostStartedAt = link.startOf(hostPid);
      const group = { hostPid, hostStartedAt };
      const { signal } = hasEnded;
      const end = (): void => link.kill(group);
      const bind = async (): Promise<void> => {
        const client = await link.connect();
        const { isReached } = await client.proc.bind({ pid, ...group });
        if (isReached) return;
        await client.proc.wait({ pid }, { signal });
        if (!signal.aborted) end();
      };
      // A kernel that is away just now learns it as soon as it is back; a command that has ended needs it no more.
      bound = tell(bind, { patienceMs: Infinity, signal, onGone: end });
    },
    async pause(ms, signal) {
      const over = new AbortController();
      const killed = link
        .connect()
        .then((client) => client.proc.wait({ pid }, { signal: over.signal }))
        .then(() => false);
      try {
        // A kernel that is away kills nobody.
        return await Promise.race([sleep(ms, true, signal ? { signal } : {}), killed.catch(() => never)]);
      } catch {
        return false; // the wait was cut short by the signal
      } finally {
        over.abort();
      }
    },
    async again(mayGoOn, patience) {
      hasEnded.abort();
      // What is told of the start before must not arrive after the next.
      await bound;
      let next: NextStart | undefined;
      const ask = async (): Promise<void> => {
        const client = await link.connect();
        const { done, failed } = await client.proc.show({ pid });
        const calls = done + failed;
        if (mayGoOn(calls)) next = { ...(await client.proc.restart({ pid })), url: await link.url(), calls };
      };
      await tell(ask, patience);
      return next;
    },
    async ended({ code, signal, failure }, patience) {
      hasEnded.abort();
      const exit = failure ? { code: failure.code === "ENOENT" ? 127 : 126, signal: null } : { code, signal };
      return tell(async () => (await link.connect()).proc.exit({ pid, ...exit }), patience);
    },
  };
}

const never = new Promise<never>(() => undefined);

/** What a kernel says that stops, has a full disk, or was taken over from: the same, or the next one, hears it later. */
const passing: ReadonlySet<string> = new Set(["ECANCELED", "ENOSPC", "ESTALE"]);

/** Says it until it is heard: true when it was, or when there is nobody any more to tell (the process is gone). */
async function tell(say: () => Promise<unknown>, { patienceMs, signal, onAway, onGone }: Patience): Promise<boolean> {
  const untilMs = performance.now() + patienceMs;
  for (let attempt = 0; ; attempt++) {
    try {
      await say();
      return true;
    } catch (cause) {
      if (isSysError(cause) && cause.code === "ESRCH") onGone?.();
      if (isSysError(cause) && !cause.retryable && !passing.has(cause.code)) return true;
    }
    if (signal?.aborted || performance.now() >= untilMs) return false;
    if (attempt === 0) onAway?.();
    try {
      // Nothing announces that a kernel is back: it is asked, ever more slowly.
      await sleep(Math.min(longestPauseMs, firstPauseMs * 1.5 ** attempt), undefined, signal ? { signal } : {});
    } catch {
      return false; // the wait was cut short by the signal
    }
  }
}
