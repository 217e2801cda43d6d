// The rows of the second predecessor's own table of measurements, and how they are measured: ours and the original alternately.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChild } from "./child.ts";
import { startOriginal } from "./peers.ts";
import { rounded } from "./report.ts";
import type { Figure } from "./report.ts";

export type MemoryOperation =
  | "create"
  | "switch"
  | "message"
  | "check-limits"
  | "save-restore"
  | "allocate"
  | "release"
  | "evict";
export type StoredOperation =
  | "snapshot"
  | "load"
  | "save-state"
  | "get-state"
  | "log-event"
  | "list-events"
  | "log-task"
  | "get-task";

/** One round of one operation, by us or by the original. */
export interface RowRequest {
  readonly op: MemoryOperation | StoredOperation;
  readonly forMs: number;
  /** A folder for what is stored. */
  readonly scratch: string;
  readonly callers: number;
  /** Where the original keeps what it stores; ours is always on disk. */
  readonly db: "memory" | "disk";
  /** Each operation's time is taken, which costs some. */
  readonly isTimedEach: boolean;
}

export interface RowAnswer {
  readonly perSecond: number;
  /** Where each was timed. */
  readonly p99Us: number | null;
}

export interface Row<Operation> {
  readonly op: Operation;
  readonly name: string;
  /** What one operation does. */
  readonly does: string;
  /** Said where the two do not do the same. */
  readonly durability?: string;
}

export const memoryRows: readonly Row<MemoryOperation>[] = [
  { op: "create", name: "context create", does: "one of 100 contexts in a new ContextManager, with metadata" },
  { op: "switch", name: "context switch", does: "save one agent with a state of one key, restore the other, log it" },
  { op: "message", name: "message", does: "add a message to a context that is full, so that the oldest makes way" },
  { op: "check-limits", name: "check limits", does: "messages, tokens and actions of an agent against its limits" },
  { op: "save-restore", name: "save and restore", does: "an agent with a state of one key" },
  { op: "allocate", name: "allocate", does: "1 KB within the agent's quota and the limit of all" },
  { op: "release", name: "release", does: "1 KB" },
  {
    op: "evict",
    name: "evict",
    does: "register 80 agents with 1 MB each, then evict the longest unused until 50 of 100 MB are free",
  },
];

const synced = "ours is synced to disk before it resolves; the original in memory";
const file =
  "ours is written aside with a checksum, synced, renamed over, and its folder synced; the original overwrites a file, unsynced";

export const storedRows: readonly Row<StoredOperation>[] = [
  { op: "snapshot", name: "snapshot", does: "a context of 50 messages as a file", durability: file },
  { op: "load", name: "load", does: "a context of 50 messages from its file", durability: "ours checks the checksum" },
  {
    op: "save-state",
    name: "state write",
    does: "insert or replace the state of one of 1,000 agents",
    durability: synced,
  },
  { op: "get-state", name: "state read", does: "the state of one of 1,000 agents" },
  { op: "log-event", name: "event write", does: "append an event of one of ten types", durability: synced },
  { op: "list-events", name: "event read", does: "the last 50 of 100 events of one type among 1,000" },
  { op: "log-task", name: "task write", does: "insert a task", durability: synced },
  { op: "get-task", name: "task read", does: "one of 1,000 tasks by its id" },
];

/** A stolen tick of a virtual machine hits single rounds: what each side can do is its best one. */
const rounds = 4;

/** Both sides of the rows, each in a process of its own, and a folder for what they store. */
export interface Sides extends AsyncDisposable {
  /** Ours and the original's best rounds, taken in turns; a first round of each is not counted. */
  inTurns(request: Omit<RowRequest, "scratch">): Promise<{ ours: RowAnswer; theirs: RowAnswer | undefined }>;
}

export async function openSides(original: string | undefined): Promise<Sides> {
  await using opened = new AsyncDisposableStack();
  const scratch = await mkdtemp(join(tmpdir(), "aios-bench-"));
  opened.defer(() => rm(scratch, { recursive: true, force: true }));
  const ours = opened.use(startChild<RowRequest, RowAnswer>("rows-child"));
  const theirs = original === undefined ? undefined : opened.use(startOriginal(original));
  const stack = opened.move();
  return {
    inTurns: async (asked) => {
      const request = { ...asked, scratch };
      const answers = { ours: [] as RowAnswer[], theirs: [] as RowAnswer[] };
      for (let round = -1; round < rounds; round++) {
        const mine = await ours.ask(request);
        const other = await theirs?.ask(request);
        if (round < 0) continue;
        answers.ours.push(mine);
        if (other) answers.theirs.push(other);
      }
      return { ours: bestOf(answers.ours), theirs: theirs && bestOf(answers.theirs) };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const bestOf = (answers: readonly RowAnswer[]): RowAnswer => ({
  perSecond: Math.max(...answers.map(({ perSecond }) => perSecond)),
  p99Us: Math.min(...answers.map(({ p99Us }) => p99Us ?? Infinity)),
});

/** A figure with a peer's beside it. `atLeast`: the ratio that is the target; without a peer nobody knows whether it holds. */
export function beside(
  peer: { readonly name: string; readonly value: number } | undefined,
  { atLeast, ...figure }: Figure & { readonly atLeast?: number | undefined },
): Figure {
  const ratio = peer === undefined ? undefined : figure.value / peer.value;
  return {
    ...figure,
    value: rounded(figure.value),
    ...(atLeast === undefined ? {} : { target: `≥ ${atLeast}× the other` }),
    ...(atLeast === undefined || ratio === undefined ? {} : { holds: ratio >= atLeast }),
    ...(peer === undefined ? {} : { peer: { name: peer.name, value: rounded(peer.value) } }),
    ...(ratio === undefined ? {} : { ratio: rounded(ratio) }),
  };
}

/** What stands beside a row. */
export const detailOf = ({ does, durability }: Pick<Row<never>, "does" | "durability">): string =>
  durability === undefined ? does : `${does}; ${durability}`;
