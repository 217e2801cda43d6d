// The index of files by itself: read from a folder, cut in one thread, indexed in another one and a file, and searched.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createExtractor } from "../../drivers/extract/extractor.ts";
import { openSearchIndex } from "../../drivers/search/search-index.ts";
import { serveParent } from "../child.ts";
import { watchDelay } from "../mem/event-loop-delay.ts";
import type { Delay } from "../mem/event-loop-delay.ts";
import { percentile } from "../report.ts";
import { findablesOf, space } from "./findables.ts";
import type { IndexedFile } from "./method.ts";

export interface IndexRequest {
  readonly folder: string;
  /** In the folder. */
  readonly files: readonly Omit<IndexedFile, "text">[];
  readonly queries: readonly string[];
}

export interface IndexAnswer {
  readonly perSecond: number;
  /** Of the thread that asks for all of it. */
  readonly delay: Delay;
  /** Of the whole process, by the end of indexing. */
  readonly addedBytes: number;
  readonly searchMs: { readonly p50: number; readonly p99: number };
}

/** Read and given to the index at once. */
const AT_ONCE = 32;

serveParent<IndexRequest, IndexAnswer>(async ({ folder, files, queries }) => {
  const home = await mkdtemp(join(tmpdir(), "aios-bench-"));
  try {
    const beforeBytes = process.memoryUsage.rss();
    await using index = await openSearchIndex({ path: join(home, "index.db") });
    await using extractor = createExtractor();
    const beganAt = performance.now();
    const delay = await watchDelay(async () => {
      for (let at = 0; at < files.length; at += AT_ONCE) {
        const read = files.slice(at, at + AT_ONCE).map(async (file) => {
          const { chunks } = await extractor.read({ path: file.path, bytes: await readFile(join(folder, file.path)) });
          return findablesOf(file, chunks);
        });
        await index.put((await Promise.all(read)).flat());
      }
    });
    const perSecond = (files.length * 1_000) / (performance.now() - beganAt);
    const addedBytes = process.memoryUsage.rss() - beforeBytes;
    const ms: number[] = [];
    for (const text of queries) {
      const at = performance.now();
      await index.search({ spaces: [space], text, limit: 10 });
      ms.push(performance.now() - at);
    }
    return { perSecond, delay, addedBytes, searchMs: { p50: percentile(ms, 0.5), p99: percentile(ms, 0.99) } };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
