// A whole kernel in a home on disk that is given files by its syscalls, indexes them when it is first asked, and finds them.
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { boot } from "../../boot.ts";
import type { System } from "../../boot.ts";
import { configSchema } from "../../config/schema.ts";
import { createSeededRandom } from "../../drivers/random/seeded.ts";
import { serveParent } from "../child.ts";
import type { Split } from "../mem/dialogue.ts";
import { watchDelay } from "../mem/event-loop-delay.ts";
import type { Delay } from "../mem/event-loop-delay.ts";
import { createSentences } from "../mem/sentences.ts";
import { percentile } from "../report.ts";
import { generateCorpus } from "./corpus.ts";

export interface KernelRequest {
  readonly split: Split;
  readonly seed: number;
  /** Of the corpus: all of them are found. */
  readonly files: number;
  /** More files, written one after the other while the index follows. */
  readonly writes: number;
  /** The first of those get so many versions each: in every one a sentence is new somewhere. */
  readonly edited: number;
  readonly versions: number;
}

interface Times {
  readonly p50: number;
  readonly p99: number;
}

export interface KernelAnswer {
  /** From the first search to its answer: all files that were on record then. */
  readonly indexing: { readonly perSecond: number; readonly delay: Delay; readonly addedBytes: number };
  readonly searchMs: Times;
  /** Of first versions; the index follows behind the answer. */
  readonly writeMs: Times;
  readonly disk: {
    /** What all files with several versions hold in the end. */
    readonly contentBytes: number;
    /** By how much the home has grown since they had one version, when the kernel has ended; without the index, which is derived. */
    readonly addedBytes: number;
  };
}

serveParent<KernelRequest, KernelAnswer>(async ({ split, seed, files, writes, edited, versions }) => {
  const home = await mkdtemp(join(tmpdir(), "aios-bench-"));
  try {
    const corpus = generateCorpus({ split, seed, files });
    // Of a seed of its own: what is written later is found by none of the questions.
    const more = generateCorpus({ split, seed: seed + 1_000, files: writes });
    const texts = more.files.map((file) => more.textOf(file));
    const config = configSchema.parse({ server: { port: 0 }, llms: { cores: [{ name: "sim", kind: "sim" }] } });
    const open = (): Promise<System> => boot({ home, config });
    const measured = await (async () => {
      await using system = await open();
      const { fs } = system.client;
      for (const file of corpus.files) await fs.write({ path: file.path, content: corpus.textOf(file) });
      const beforeBytes = process.memoryUsage.rss();
      const beganAt = performance.now();
      const delay = await watchDelay(async () => void (await fs.search({ query: "nothing" })));
      const perSecond = (files * 1_000) / (performance.now() - beganAt);
      const indexing = { perSecond, delay, addedBytes: process.memoryUsage.rss() - beforeBytes };
      const ask = ({ text }: { text: string }) => fs.search({ query: text, limit: 10 });
      // What is compiled at the first calls is not what searching costs.
      for (const query of corpus.queries.slice(0, 20)) await ask(query);
      const searchMs = await timesOf(corpus.queries, ask);
      const writeMs = await timesOf([...texts.entries()], ([at, content]) => fs.write({ path: pathOf(at), content }));
      return { indexing, searchMs, writeMs };
    })();
    const beforeBytes = await bytesIn(home);
    const random = createSeededRandom(seed);
    const sentence = createSentences(seed);
    const latest = texts.slice(0, edited);
    {
      await using system = await open();
      for (let version = 2; version <= versions; version++)
        for (const [at, text] of latest.entries()) {
          const place = text.indexOf(" ", Math.floor(random.next() * text.length)) + 1;
          const content = `${text.slice(0, place)}${sentence(12)} ${text.slice(place)}`;
          await system.client.fs.write({ path: pathOf(at), content });
          latest[at] = content;
        }
    }
    const contentBytes = latest.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    return { ...measured, disk: { contentBytes, addedBytes: (await bytesIn(home)) - beforeBytes } };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});

/** One after the other. */
async function timesOf<One>(all: readonly One[], act: (one: One) => PromiseLike<unknown>): Promise<Times> {
  const ms: number[] = [];
  for (const one of all) {
    const beganAt = performance.now();
    await act(one);
    ms.push(performance.now() - beganAt);
  }
  return { p50: percentile(ms, 0.5), p99: percentile(ms, 0.99) };
}

const pathOf = (at: number): string => `more/${at}.txt`;

async function bytesIn(home: string): Promise<number> {
  let sum = 0;
  for (const entry of await readdir(home, { recursive: true, withFileTypes: true }))
    if (entry.isFile() && !entry.parentPath.startsWith(join(home, "index")))
      sum += (await stat(join(entry.parentPath, entry.name))).size;
  return sum;
}
