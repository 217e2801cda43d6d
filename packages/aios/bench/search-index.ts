// What indexing texts costs the thread that asks for it, and how long searches take.
// node --conditions=aios-source bench/search-index.ts [--texts 10000]
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { createSeededRandom } from "../src/drivers/random/seeded.ts";
import { openSearchIndex } from "../src/drivers/search/search-index.ts";

const WORDS = 5_000;
const SEARCHES = 200;
const { values: flags } = parseArgs({ options: { texts: { type: "string", default: "10000" } } });
const count = Number(flags.texts);
const random = createSeededRandom(20_261_122);
const vocabulary = Array.from({ length: WORDS }, () => random.text(2 + Math.floor(random.next() * 8)));
/** Few words are common and most are rare. */
const sentence = (length: number): string =>
  Array.from({ length }, () => vocabulary[Math.floor(WORDS * random.next() ** 3)]).join(" ");
const texts = Array.from({ length: count }, (_, at) => ({
  id: `text-${at}`,
  space: `space ${at % 2}`,
  version: 1,
  text: sentence(40),
  terms: [sentence(1)],
  facets: { at },
}));

const home = mkdtempSync(join(tmpdir(), "aios-index-"));
try {
  await using index = await openSearchIndex({ path: join(home, "index.db") });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const startedAt = performance.now();
  await index.put(texts);
  const seconds = (performance.now() - startedAt) / 1_000;
  delay.disable();
  const searchMs: Record<string, { p50: number; p99: number }> = {};
  for (const by of ["words", "vectors", "hybrid"] as const) {
    const times: number[] = [];
    for (let round = 0; round < SEARCHES; round++) {
      const before = performance.now();
      await index.search({ spaces: ["space 0", "space 1"], text: sentence(8), limit: 10, by });
      times.push(performance.now() - before);
    }
    times.sort((a, b) => a - b);
    searchMs[by] = { p50: rounded(times[SEARCHES / 2]), p99: rounded(times[Math.floor(SEARCHES * 0.99)]) };
  }
  const figures = {
    texts: count,
    textsPerSecond: Math.round(count / seconds),
    eventLoopDelayMs: { p99: rounded(delay.percentile(99) / 1e6), max: rounded(delay.max / 1e6) },
    searchMs,
    machine: { node: process.version, cpu: cpus()[0]?.model, cores: availableParallelism(), load: loadavg()[0] },
  };
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
} finally {
  rmSync(home, { recursive: true });
}

function rounded(ms: number | undefined): number {
  return Number((ms ?? Number.NaN).toPrecision(3));
}
