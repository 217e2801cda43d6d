// What is found in generated files and in the repository's own documentation, and what indexing, finding and writing files costs.
import { startChild } from "./child.ts";
import { createBm25Method } from "./fs/bm25-method.ts";
import { generateCorpus, seedsOf } from "./fs/corpus.ts";
import { readDocs } from "./fs/docs.ts";
import { createGrep } from "./fs/grep.ts";
import type { KernelAnswer, KernelRequest } from "./fs/kernel-child.ts";
import { answersOf, rowsOf } from "./fs/run.ts";
import type { Answer } from "./fs/run.ts";
import { searchMethods } from "./fs/search-methods.ts";
import { docsTable, foundFigures, tablesOf } from "./fs/tables.ts";
import type { Split } from "./mem/dialogue.ts";
import { measured } from "./parts.ts";
import { aimed, rounded } from "./report.ts";
import type { BenchReport, Figure, Table } from "./report.ts";

export interface FsBenchOptions {
  /** The files that nothing was tuned on, which is what is published. Default: those of development. */
  readonly isHeldOut?: boolean | undefined;
  /** How many of their seeds; default: all. */
  readonly seeds?: number | undefined;
  /** Of each seed; default: 10,000. */
  readonly files?: number | undefined;
  /** Told what is being measured, for people who wait. */
  readonly say?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What this machine cannot measure is left out, and the notes say so. */
export async function fs(options: FsBenchOptions = {}): Promise<BenchReport> {
  const { isHeldOut = false, seeds, files = 10_000, say = () => undefined, signal } = options;
  const split: Split = isHeldOut ? "held-out" : "dev";
  const chosen = seedsOf[split].slice(0, seeds);
  const [seed = 0] = chosen;
  const tables: Table[] = [];
  const generatedFigures = async (): Promise<Figure[]> => {
    const answers: Answer[] = [];
    for (const each of chosen) {
      const corpus = generateCorpus({ split, seed: each, files });
      const all = corpus.files.map((file) => ({ ...file, text: corpus.textOf(file) }));
      const collection = { name: `seed ${each}`, files: all, queries: corpus.queries };
      answers.push(...(await answersOf(collection, methods(), { say, signal })));
    }
    const rows = rowsOf(answers);
    tables.push(...tablesOf(rows));
    return foundFigures(rows, { method: "fs.search", others: ["grep", "BM25"] });
  };
  const docsFigures = async (): Promise<Figure[]> => {
    tables.push(docsTable(await answersOf(await readDocs(), methods(), { say, signal })));
    return [];
  };
  const parts = [
    ["what is found in generated files", generatedFigures],
    ["what is found in the repository's documentation", docsFigures],
    [
      `${files.toLocaleString("en")} files kept and found by a whole kernel`,
      () => kernelFigures({ split, seed, files }),
    ],
  ] as const;
  const notes = [
    `files: ${split} seeds ${chosen.join(", ")}, generated, ${files.toLocaleString("en")} each, 60 % en and 40 % zh; means over questions, 95 % intervals over seeds`,
    "named: a customer by its name, a topic in none of its words; described: in none of the file's words, and no name: without a model that knows synonyms nothing finds those but by chance",
    "documentation: questions written by hand, intervals over questions; all but one of its pages are English, whatever the question's language",
  ];
  const report = await measured({ name: "fs", seed, parts, notes, say, signal });
  return { ...report, tables };
}

const methods = () => [createGrep(), createBm25Method(), ...searchMethods()];

async function kernelFigures(of: { split: Split; seed: number; files: number }): Promise<Figure[]> {
  await using child = startChild<KernelRequest, KernelAnswer>("fs/kernel-child");
  const versions = 20;
  const answer = await child.ask({ ...of, writes: 1_000, edited: 100, versions });
  const { perSecond, delay, addedBytes } = answer.indexing;
  const { searchMs, writeMs, disk } = answer;
  const count = of.files.toLocaleString("en");
  const indexed =
    "a home on disk: all files on record at the first fs.search, read from the journal, text and structure extracted in a thread, full text and hashed vectors in a file and another thread";
  const written =
    "new files of 1 to 40 KB in process, one after the other: version and call in one commit, synced to disk; the file in its place; the index follows behind the answer";
  return [
    { name: `indexing ${count} files`, value: rounded(perSecond), unit: "files/s", detail: indexed },
    aimed(`indexing ${count} files, the kernel's event-loop delay, p99`, rounded(delay.p99Ms), {
      unit: "ms",
      bound: { atMost: 20 },
    }),
    { name: `indexing ${count} files, memory added`, value: rounded(addedBytes / 2 ** 20), unit: "MiB" },
    {
      ...aimed(`fs.search in ${count} files, p50`, rounded(searchMs.p50), { unit: "ms", bound: { atMost: 10 } }),
      detail: "a whole syscall, the corpus's questions as they are written, ten hits",
    },
    { name: `fs.search in ${count} files, p99`, value: rounded(searchMs.p99), unit: "ms" },
    {
      ...aimed("fs.write with version and index, p50", rounded(writeMs.p50), { unit: "ms", bound: { atMost: 2 } }),
      detail: written,
    },
    { name: "fs.write with version and index, p99", value: rounded(writeMs.p99), unit: "ms" },
    {
      name: `disk that ${versions - 1} more versions of a file take, by its size`,
      value: rounded(disk.addedBytes / disk.contentBytes),
      unit: "×",
      peer: { name: "copies", value: versions - 1 },
      detail:
        "a sentence is new in each; by all that the home has grown, journal of the calls and all, when the kernel has ended; the index, which is derived, aside",
    },
  ];
}
