import type { Exit } from "@aiosjs/sdk/protocol";
import type { Parts } from "./parts.ts";
import type { HostGroup } from "./ports.ts";
import type { Process } from "./process.ts";

/** A command whose parent was killed tells nobody that it has ended: its kernel looks after it this often. */
const LOOK_MS = 5_000;
/** A command is entered, started and told of in one breath; who entered it and was killed before left this behind. */
const START_PATIENCE_MS = 60_000;

type Watched = Pick<Parts, "timers" | "clock" | "host">;

/** The process of the machine that starts the command, and starts it again; undefined where nobody said. */
export const parentOf = ({ program }: Process): HostGroup | undefined => (program as { parent?: HostGroup }).parent;

/**
 * Whether somebody answers for a command: itself, or the parent that starts it, starts it again, and tells how it ended. Only
 * its parent ever starts a command, so that there are never two of them.
 */
export function isAnsweredFor(process: Process, host: Parts["host"]): boolean {
  const parent = parentOf(process);
  if (process.host && host.isAlive(process.host)) return true;
  return parent !== undefined && host.isAlive(parent, "leader");
}

/** Whether only its parent's word tells of it: it runs where this kernel does not reach, or nobody has started it yet. */
export const isAwaited = (process: Process): boolean => process.host === null && parentOf(process) === undefined;

/** Ends a command that is gone without a word; one whose parent lives is told of by it. */
export function watchCommand(
  process: Process,
  { parts, end }: { parts: Watched; end: (process: Process, exit: Exit) => void },
): void {
  const { timers, clock, host } = parts;
  const patientUntilMs = clock.nowMs() + START_PATIENCE_MS;
  const ended = (reason: string): void => end(process, { code: null, signal: null, reason });
  const look = (wasGone: boolean): void =>
    void timers.at(clock.nowMs() + LOOK_MS, () => {
      if (process.exit) return;
      if (isAwaited(process)) {
        if (clock.nowMs() < patientUntilMs) return look(false);
        return process.seq > 0 || process.hasBegun ? look(false) : ended("nobody has started it");
      }
      const isGone = !isAnsweredFor(process, host);
      if (!isGone || !wasGone) return look(isGone);
      ended(process.host ? "it ended, and its parent was gone" : "its parent was gone before it told where it runs");
    });
  look(false);
}
