// Puts, replaces and removes texts until it is killed, and prints each version once its put resolved. With a model's vectors
// it replaces all meanwhile.
// node search-load.ts <index file> <first number> [hashed|own] [JSON of where vectors are searched]
import { writeSync } from "node:fs";
import type { Elsewhere } from "../../src/drivers/search/elsewhere.ts";
import { openSearchIndex } from "../../src/drivers/search/search-index.ts";

const CALLERS = 8;
const IDS = 300;
const [path, first, name, place] = process.argv.slice(2);
if (path === undefined) throw new Error("usage: search-load.ts <index file> <first number>");

const elsewhere = place === undefined ? undefined : (JSON.parse(place) as Elsewhere);
const index = await openSearchIndex({
  path,
  ...(name === "own" ? { embedder: { model: "core/own" } } : {}),
  elsewhere,
});
let next = Number(first);

async function putForever(caller: number): Promise<never> {
  for (;;) {
    const version = next++;
    // A caller has ids of its own, so that its removals and puts come in the order of their numbers.
    const id = `t${CALLERS * (version % IDS) + caller}`;
    if (version % 9 === 0) await index.remove([id]);
    else {
      const text = `note number${version} of ${id} ${"filler ".repeat(version % 50)}`;
      await index.put([
        { id, space: `space ${caller % 3}`, version, text, terms: [`v${version}`], facets: { version } },
      ]);
    }
    writeSync(1, `${version % 9 === 0 ? "-" : "+"} ${id} ${version}\n`);
  }
}

async function embedForever(): Promise<never> {
  for (;;) {
    const waiting = await index.unembedded(0, 16);
    const vectors = waiting.map(({ text }) => Float32Array.of(1, text.length));
    if (waiting.length > 0) await index.embedded(waiting, vectors);
    else await new Promise((resolve) => setImmediate(resolve));
  }
}

if (name === "own") void embedForever();
await Promise.all(Array.from({ length: CALLERS }, (_, caller) => putForever(caller)));
