// The index of notes by itself: how fast it takes texts, what that costs the thread that asks for it, how long searches take.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSearchIndex } from "../../drivers/search/search-index.ts";
import { serveParent } from "../child.ts";
import { percentile } from "../report.ts";
import { watchDelay } from "./event-loop-delay.ts";
import type { Delay } from "./event-loop-delay.ts";
import { createSentences } from "./sentences.ts";

export interface IndexRequest {
  readonly texts: number;
  /** Of each kind. */
  readonly searches: number;
}

export interface IndexAnswer {
  readonly perSecond: number;
  readonly delay: Delay;
  readonly searchMs: Readonly<Record<"words" | "vectors" | "hybrid", { readonly p50: number; readonly p99: number }>>;
}

const spaces = ["space 0", "space 1"];
/** Given at once, as whoever compares all notes with the index gives them. */
const AT_ONCE = 500;

serveParent<IndexRequest, IndexAnswer>(async ({ texts, searches }) => {
  const home = await mkdtemp(join(tmpdir(), "aios-bench-"));
  try {
    await using index = await openSearchIndex({ path: join(home, "index.db") });
    const sentence = createSentences();
    const all = Array.from({ length: texts }, (_, at) => ({
      id: `text-${at}`,
      space: spaces[at % 2] as string,
      version: 1,
      text: sentence(40),
      terms: [sentence(1)],
      facets: { at },
    }));
    const beganAt = performance.now();
    const delay = await watchDelay(async () => {
      for (let at = 0; at < texts; at += AT_ONCE) await index.put(all.slice(at, at + AT_ONCE));
    });
    const perSecond = (texts * 1_000) / (performance.now() - beganAt);
    const timed = async (by: "words" | "vectors" | "hybrid") => {
      const ms: number[] = [];
      for (let count = 0; count < searches; count++) {
        const at = performance.now();
        await index.search({ spaces, text: sentence(8), limit: 10, by });
        ms.push(performance.now() - at);
      }
      return { p50: percentile(ms, 0.5), p99: percentile(ms, 0.99) };
    };
    const searchMs = { words: await timed("words"), vectors: await timed("vectors"), hybrid: await timed("hybrid") };
    return { perSecond, delay, searchMs };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
