// Which spreading along links finds most: recall@10 of BM25 with the best of a grid of expansions on the dev seeds; a few
// minutes. What the methods find is `aios bench mem`.
//
//   node --conditions=aios-source bench/mem-links.ts
import { bm25, withOracleLinks } from "../src/bench/mem/methods.ts";
import type { Method } from "../src/bench/mem/methods.ts";
import type { AddedNote, Hit } from "../src/bench/mem/retriever.ts";
import { runMem } from "../src/bench/mem/run.ts";
import type { MemRow } from "../src/bench/mem/run.ts";

const MOST_ROOTS = 40;
const percent = (value: number): string => (value * 100).toFixed(1);

/** Asks the inner method once for each question, however often it is opened. */
function remembered(method: Method): Method {
  const known = new Map<string, readonly Hit[]>();
  return {
    ...method,
    open: (dialogue) => {
      const inner = method.open(dialogue);
      const kept: AddedNote[] = [];
      return {
        ...inner,
        add: async (notes) => void kept.push(...notes),
        search: async (text, { k, lang }) => {
          const key = `${lang} ${dialogue.seed} ${text}`;
          if (!known.has(key)) {
            await inner.add(kept.splice(0));
            known.set(key, await inner.search(text, { k: MOST_ROOTS, lang }));
          }
          return (known.get(key) ?? []).slice(0, k);
        },
      };
    },
  };
}

const table: Record<string, unknown>[] = [];
const inner = remembered(bm25);
const mean = (rows: readonly MemRow[]): number =>
  rows.reduce((sum, { recallAt10 }) => sum + recallAt10.mean, 0) / rows.length;
for (const depth of [1, 2, 3])
  for (const roots of [20, 30, MOST_ROOTS])
    for (const damping of [0.3, 0.5, 0.6, 0.7, 0.8]) {
      const rows = await runMem({ methods: [withOracleLinks(inner, { depth, roots, damping })], split: "dev" });
      const multi = mean(rows.filter(({ kind }) => kind === "multi-hop"));
      table.push({ depth, roots, damping, "multi-hop %": percent(multi), "all kinds %": percent(mean(rows)) });
    }
table.sort((left, right) => Number(right["all kinds %"]) - Number(left["all kinds %"]));
console.table(table.slice(0, 20));
