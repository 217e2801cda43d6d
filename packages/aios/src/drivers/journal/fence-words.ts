import type { NodeRow } from "../../kernel/ports.ts";

interface Words {
  readonly message: string;
  readonly hint: string;
}

const who = (holder: NodeRow | undefined): string =>
  holder ? `another kernel (pid ${holder.hostPid})` : "another kernel";

/** Told to a kernel whose journal was claimed by `holder`. The threads of SQLite say the same, without a SysError. */
export const fencedWords = (holder: NodeRow | undefined, place: string): Words => ({
  message: `${who(holder)} has taken over ${place}`,
  hint: "ask that one: `aios status` finds it; nothing more is recorded here",
});

/** Told to a kernel that wants a journal which `holder` has. */
export const heldWords = (holder: NodeRow | undefined, place: string): Words => ({
  message: `${who(holder)} holds ${place}`,
  hint: "use that one (aios status), stop it (aios down), or start this one with another --home",
});

/** Whether `holder` is still the one that was seen, and has not told since that it lives. */
export const isSameBeat = (holder: NodeRow | undefined, seen: NodeRow): boolean =>
  holder?.id === seen.id && holder.epoch === seen.epoch && holder.beat === seen.beat;
