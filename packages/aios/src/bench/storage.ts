// What it costs to keep things: the stored rows of the second predecessor's table, durable syscalls and events, steps beside LangGraph.js.
import { startChild } from "./child.ts";
import type { AppendRequest } from "./journal-child.ts";
import type { LangGraphRequest } from "./langgraph-child.ts";
import { missingPeers, peersIn } from "./peers.ts";
import { measured } from "./parts.ts";
import { aimed, rounded } from "./report.ts";
import type { BenchReport, Figure } from "./report.ts";
import { beside, detailOf, openSides, storedRows } from "./rows.ts";
import type { Row, StoredOperation } from "./rows.ts";
import type { SyscallAnswer, SyscallRequest } from "./syscall-child.ts";

export interface StorageBenchOptions {
  /** Folders with what is compared: a checkout of the second predecessor, an installation of LangGraph.js. Default: none, and no ratios. */
  readonly peers?: readonly string[] | undefined;
  /** Told what is being measured, for people who wait. */
  readonly say?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Writes, of which the original on disk is measured too: with its own settings, which sync each of them. */
const writes: ReadonlySet<string> = new Set(["save-state", "log-event", "log-task"]);

/** About five minutes. What this machine cannot measure is left out, and the notes say so. */
export async function storage(options: StorageBenchOptions = {}): Promise<BenchReport> {
  const { peers: folders = [], say = () => undefined, signal } = options;
  const peers = peersIn(folders);
  const parts = [
    ...storedRows.map((row) => [row.name, () => rowFigures(row, peers.original)] as const),
    ["durable syscalls", syscallFigures],
    ["durable events", eventFigures],
    ["steps", () => stepFigures(peers.langGraph)],
  ] as const;
  const notes = [
    "rows: the best of four rounds, ours and the original's in turns; callers are concurrent flows of one process",
    "steps: the median of three rounds in turns; LangGraph.js does not sync its steps to disk, ours are before they resolve",
    ...missingPeers(peers, ["original", "langGraph"]),
  ];
  return measured({ name: "storage", seed: 0, parts, notes, say, signal });
}

async function rowFigures(row: Row<StoredOperation>, original: string | undefined): Promise<Figure[]> {
  await using sides = await openSides(original);
  const figures: Figure[] = [];
  for (const [callers, atLeast] of [
    [1, 1],
    [64, 3],
  ] as const) {
    const request = { op: row.op, forMs: 500, callers, isTimedEach: false };
    const name = `${row.name}, ${callers} caller${callers === 1 ? "" : "s"}`;
    const { ours, theirs } = await sides.inTurns({ ...request, db: "memory" });
    const peer = theirs && { name: "the original, /s", value: theirs.perSecond };
    figures.push(beside(peer, { name, value: ours.perSecond, unit: "/s", detail: detailOf(row), atLeast }));
    if (theirs === undefined || !writes.has(row.op)) continue;
    const disk = await sides.inTurns({ ...request, db: "disk" });
    const onDisk = disk.theirs && { name: "the original, /s", value: disk.theirs.perSecond };
    const detail = `${row.does}; both synced to disk`;
    figures.push(beside(onDisk, { name: `${name}, both on disk`, value: disk.ours.perSecond, unit: "/s", detail }));
  }
  return figures;
}

async function syscallFigures(): Promise<Figure[]> {
  await using child = startChild<SyscallRequest, SyscallAnswer>("syscall-child");
  const figures: Figure[] = [];
  for (const callers of [1, 16, 64, 256]) {
    const { perSecond, p50Us } = await child.ask({ journal: "sqlite", callers, forMs: 2_000 });
    const name = `durable syscalls, ${callers} caller${callers === 1 ? "" : "s"}`;
    const detail =
      "a whole tool.call of 600 bytes by a process with a limit; call, process, limit and event are synced to disk before it resolves";
    figures.push(
      callers === 64
        ? { ...aimed(name, rounded(perSecond), { unit: "/s", bound: { atLeast: 10_000 } }), detail }
        : { name, value: rounded(perSecond), unit: "/s", detail },
      { name: `${name}, p50`, value: rounded(p50Us / 1_000), unit: "ms" },
    );
  }
  return figures;
}

async function eventFigures(): Promise<Figure[]> {
  await using child = startChild<AppendRequest, { perSecond: number }>("journal-child");
  const { perSecond } = await child.ask({ atOnce: 1_000, forMs: 2_000 });
  return [
    {
      ...aimed("durable event append, 1,000 at once", rounded(perSecond), { unit: "/s", bound: { atLeast: 50_000 } }),
      detail: "an event committed to the journal by itself; synced to disk, with those under way, before it resolves",
    },
  ];
}

/** Of one flow; more would take LangGraph.js minutes. */
const stepsOf: Readonly<Record<number, number>> = { 1: 200, 16: 100, 64: 50 };

async function stepFigures(langGraph: string | undefined): Promise<Figure[]> {
  if (langGraph === undefined) return [];
  await using ours = startChild<SyscallRequest, SyscallAnswer>("syscall-child");
  await using theirs = startChild<LangGraphRequest, { perSecond: number }>("langgraph-child");
  const figures: Figure[] = [];
  for (const [flows, steps] of Object.entries(stepsOf).map(([key, value]) => [Number(key), value] as const)) {
    const rates: { ours: number; theirs: number }[] = [];
    for (let round = 0; round < 3; round++)
      rates.push({
        ours: (await ours.ask({ journal: "sqlite", callers: flows, forMs: 1_000 })).perSecond,
        theirs: (await theirs.ask({ folder: langGraph, flows, steps })).perSecond,
      });
    const [middle] = rates.toSorted((left, right) => left.ours / left.theirs - right.ours / right.theirs).slice(1);
    if (middle === undefined) continue;
    figures.push(
      beside(
        { name: "LangGraph.js, /s", value: middle.theirs },
        {
          name: `steps, ${flows} agent${flows === 1 ? "" : "s"}`,
          value: middle.ours,
          unit: "/s",
          atLeast: 5,
          detail:
            "ours: a durable syscall of 600 bytes, synced; LangGraph.js: a node whose state of 600 bytes its SQLite saver writes, unsynced",
        },
      ),
    );
  }
  return figures;
}
