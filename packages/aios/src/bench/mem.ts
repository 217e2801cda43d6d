// What memory finds in dialogues of a year, by method and kind of question, and what keeping and finding notes costs.
import { startChild } from "./child.ts";
import type { Split } from "./mem/dialogue.ts";
import { seedsOf } from "./mem/dialogues.ts";
import type { IndexAnswer, IndexRequest } from "./mem/index-child.ts";
import type { KernelAnswer, KernelRequest } from "./mem/kernel-child.ts";
import { langGraphStore } from "./mem/langgraph-store.ts";
import { bm25, withFaultyLinks, withOracleEvolution, withOracleLinks } from "./mem/methods.ts";
import { runMem } from "./mem/run.ts";
import { searchIndex } from "./mem/search-index-method.ts";
import { gainFigures, tablesOf } from "./mem/tables.ts";
import { measured } from "./parts.ts";
import { missingPeers, peersIn } from "./peers.ts";
import { aimed, rounded } from "./report.ts";
import type { BenchReport, Figure, Table } from "./report.ts";

export interface MemBenchOptions {
  /** The dialogues that nothing was tuned on, which is what is published. Default: those of development. */
  readonly isHeldOut?: boolean | undefined;
  /** How many of their seeds; default: all. */
  readonly seeds?: number | undefined;
  /** Folders with what is compared: an installation of LangGraph.js. Default: none. */
  readonly peers?: readonly string[] | undefined;
  /** Told what is being measured, for people who wait. */
  readonly say?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A quarter of an hour with all seeds. What this machine cannot measure is left out, and the notes say so. */
export async function mem(options: MemBenchOptions = {}): Promise<BenchReport> {
  const { isHeldOut = false, seeds, peers: folders = [], say = () => undefined, signal } = options;
  const peers = peersIn(folders);
  const split: Split = isHeldOut ? "held-out" : "dev";
  const chosen = seedsOf[split].slice(0, seeds);
  const [vectors, hybrid] = [searchIndex("vectors"), searchIndex("hybrid")];
  const linked = withOracleLinks(hybrid);
  let tables: readonly Table[] = [];
  const findFigures = async (): Promise<Figure[]> => {
    const methods = [
      bm25,
      withOracleLinks(bm25),
      vectors,
      hybrid,
      linked,
      withFaultyLinks(hybrid),
      withOracleEvolution(linked),
      ...(peers.langGraphStore === undefined ? [] : [langGraphStore(peers.langGraphStore)]),
    ];
    const rows = await runMem({ methods, split, seeds: chosen, say, signal });
    tables = tablesOf(rows);
    return gainFigures(rows, { method: linked.name, others: [bm25.name, vectors.name], atLeast: 15 });
  };
  const parts = [
    ["what is found in dialogues", findFigures],
    ["indexing and searching 10,000 texts", () => indexFigures({ texts: 10_000, atMostMs: 10 })],
    ["indexing and searching 100,000 texts", () => indexFigures({ texts: 100_000, atMostMs: 70 })],
    ["10,000 notes kept by a whole kernel", kernelFigures],
  ] as const;
  const notes = [
    `dialogues: ${split} seeds ${chosen.join(", ")}, generated; en and zh; means over questions, 95 % intervals over seeds`,
    "simulated annotator: its links and contexts come from the generator, which knows what is true; no model was asked, and a real one errs (the row with faulty links says what that costs)",
    "trapped: a note that only looks like the answer stands before all evidence; lower is better",
    ...missingPeers(peers, ["langGraphStore"]),
  ];
  const report = await measured({ name: "mem", seed: chosen[0] ?? 0, parts, notes, say, signal });
  return { ...report, tables };
}

async function indexFigures({ texts, atMostMs }: { texts: number; atMostMs: number }): Promise<Figure[]> {
  await using child = startChild<IndexRequest, IndexAnswer>("mem/index-child");
  const { perSecond, delay, searchMs } = await child.ask({ texts, searches: 200 });
  const count = texts.toLocaleString("en");
  const detail =
    "texts of 40 words in two spaces, 500 at once, in a file and a thread of their own; all searched exactly";
  const searches = (["words", "vectors", "hybrid"] as const).flatMap((by): Figure[] => {
    const [p50, p99] = [`search by ${by}, ${count} notes, p50`, `search by ${by}, ${count} notes, p99`];
    return [
      by === "hybrid"
        ? aimed(p50, rounded(searchMs[by].p50), { unit: "ms", bound: { atMost: atMostMs } })
        : { name: p50, value: rounded(searchMs[by].p50), unit: "ms" },
      { name: p99, value: rounded(searchMs[by].p99), unit: "ms" },
    ];
  });
  return [
    {
      ...aimed(`indexing ${count} notes`, rounded(perSecond), { unit: "notes/s", bound: { atLeast: 2_000 } }),
      detail,
    },
    { name: `indexing ${count} notes, event-loop delay of who asks, p99`, value: rounded(delay.p99Ms), unit: "ms" },
    ...searches,
  ];
}

async function kernelFigures(): Promise<Figure[]> {
  await using child = startChild<KernelRequest, KernelAnswer>("mem/kernel-child");
  const { perSecond, delay } = await child.ask({ notes: 10_000, callers: 64 });
  const detail =
    "mem.add by 64 callers in process, without a model; journal synced to disk, and found when the clock stops";
  const name = "event-loop delay of a kernel that is given 10,000 notes, p99";
  return [
    { name: "notes kept by a whole kernel, 64 callers", value: rounded(perSecond), unit: "notes/s", detail },
    aimed(name, rounded(delay.p99Ms), { unit: "ms", bound: { atMost: 20 } }),
    { name: "the same, the longest", value: rounded(delay.maxMs), unit: "ms" },
  ];
}
