// What the kernel itself costs: the rows of the second predecessor's table that stay in memory, a whole syscall, and large tables.
import { missingPeers, peersIn } from "./peers.ts";
import { measured } from "./parts.ts";
import { aimed, rounded } from "./report.ts";
import type { BenchReport, Figure } from "./report.ts";
import { restartFigures } from "./restart.ts";
import { beside, detailOf, memoryRows, openSides } from "./rows.ts";
import type { MemoryOperation, Row } from "./rows.ts";
import { startChild } from "./child.ts";
import type { ReplayAnswer, ReplayRequest } from "./replay-child.ts";
import type { SyscallAnswer, SyscallRequest } from "./syscall-child.ts";
import type { TableAnswer, TableRequest } from "./table-child.ts";

export interface KernelBenchOptions {
  /** Folders with what is compared: a checkout of the second predecessor. Default: none, and no ratios. */
  readonly peers?: readonly string[] | undefined;
  /** Told what is being measured, for people who wait. */
  readonly say?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** About two minutes. What this machine cannot measure is left out, and the notes say so. */
export async function kernel(options: KernelBenchOptions = {}): Promise<BenchReport> {
  const { peers: folders = [], say = () => undefined, signal } = options;
  const peers = peersIn(folders);
  const parts = [
    ...memoryRows.map((row) => [row.name, () => rowFigures(row, peers.original)] as const),
    ["a whole syscall in process", syscallFigures],
    ["replay", replayFigures],
    ["restart with 10,000 suspended processes", () => restartFigures(10_000)],
    ["100,000 processes in the table", tableFigures],
  ] as const;
  const notes = [
    "rows: the best of four rounds, ours and the original's in turns; they have no target, for they are counters in memory",
    ...missingPeers(peers, ["original"]),
  ];
  return measured({ name: "kernel", seed: 0, parts, notes, say, signal });
}

async function rowFigures(row: Row<MemoryOperation>, original: string | undefined): Promise<Figure[]> {
  await using sides = await openSides(original);
  const request = { op: row.op, forMs: 250, callers: 1, db: "memory" as const };
  const detail = `${detailOf(row)}; both in memory`;
  const { ours, theirs } = await sides.inTurns({ ...request, isTimedEach: false });
  const peer = theirs && { name: "the original, /s", value: theirs.perSecond };
  const figure = beside(peer, { name: row.name, value: ours.perSecond, unit: "/s", detail });
  if (row.op !== "switch") return [figure];
  const timed = await sides.inTurns({ ...request, isTimedEach: true });
  const p99 = { name: `${row.name}, p99`, value: timed.ours.p99Us ?? Number.NaN, unit: "µs", detail };
  return [figure, beside(timed.theirs && { name: "the original, µs", value: timed.theirs.p99Us ?? Number.NaN }, p99)];
}

async function syscallFigures(): Promise<Figure[]> {
  await using child = startChild<SyscallRequest, SyscallAnswer>("syscall-child");
  const { p50Us, p99Us, perSecond } = await child.ask({ journal: "memory", callers: 1, forMs: 3_000 });
  const detail =
    "a tool.call of 600 bytes: arguments parsed, capability and a limit checked, queued, scheduled, run, settled, recorded; journal in memory";
  return [
    {
      ...aimed("whole syscall in process, p50", rounded(p50Us), { unit: "µs", bound: { atMost: 50 } }),
      detail,
    },
    { name: "whole syscall in process, p99", value: rounded(p99Us), unit: "µs", detail },
    { name: "whole syscalls in process, 1 caller", value: rounded(perSecond), unit: "/s", detail },
  ];
}

async function replayFigures(): Promise<Figure[]> {
  await using child = startChild<ReplayRequest, ReplayAnswer>("replay-child");
  const steps = 500;
  const { medianMs, firstMs, readMs } = await child.ask({ steps, restarts: 15 });
  const detail =
    "an agent's program, started again by a restarted kernel, from its first call to the answer of the 500th, all from the record";
  return [
    { ...aimed(`replay of ${steps} recorded steps`, rounded(medianMs), { unit: "ms", bound: { atMost: 10 } }), detail },
    {
      name: `replay of ${steps} recorded steps, in a process that has just started`,
      value: rounded(firstMs),
      unit: "ms",
    },
    {
      name: `reading ${steps} recorded steps`,
      value: rounded(readMs),
      unit: "ms",
      detail:
        "from the kernel's opening to the program's start: the journal's reader starts, and reads and decodes the calls",
    },
  ];
}

async function tableFigures(): Promise<Figure[]> {
  await using child = startChild<TableRequest, TableAnswer>("table-child");
  const { firstMs, allMs, pages } = await child.ask({ processes: 100_000 });
  const detail = "proc.list, which aios ps shows, of 100,000 processes, 1,000 a page; nothing is written";
  return [
    { name: "100,000 processes: first page of ps", value: rounded(firstMs), unit: "ms", detail },
    { name: `100,000 processes: all ${pages} pages`, value: rounded(allMs), unit: "ms", detail },
  ];
}
