// What methods of retrieval find in dialogues of a year, by kind of question and language.
//
//   node --conditions=aios-source bench/mem.ts [--held-out] [--seeds 1,2] [--json] [--tune] [--peer FOLDER]
//
// `--peer` names where @langchain/langgraph is installed.
// Dev seeds unless told otherwise: tune on them, and look at held-out ones to report. `--tune` prints the recall@10 of BM25 with
// the best of a grid of link expansions on the dev seeds; a few minutes.
import { parseArgs } from "node:util";
import { langGraphStore } from "../src/bench/mem/langgraph-store.ts";
import { bm25, withFaultyLinks, withOracleEvolution, withOracleLinks } from "../src/bench/mem/methods.ts";
import type { Method } from "../src/bench/mem/methods.ts";
import type { AddedNote, Hit } from "../src/bench/mem/retriever.ts";
import { runMem } from "../src/bench/mem/run.ts";
import type { MemRow } from "../src/bench/mem/run.ts";
import { searchIndex } from "../src/bench/mem/search-index-method.ts";

const { values } = parseArgs({
  options: {
    "held-out": { type: "boolean", default: false },
    seeds: { type: "string" },
    json: { type: "boolean", default: false },
    tune: { type: "boolean", default: false },
    peer: { type: "string" },
  },
});

const percent = (value: number): string => (Number.isNaN(value) ? "–" : (value * 100).toFixed(1));

function printed({
  method,
  kind,
  lang,
  recallAt10: recall,
  mrr,
  f1At3,
  trapped,
  ...row
}: MemRow): Record<string, unknown> {
  const interval = Number.isNaN(recall.mean) ? "" : ` [${percent(recall.low)}–${percent(recall.high)}]`;
  return {
    lang,
    kind,
    method,
    "recall@10 %": percent(recall.mean) + interval,
    "MRR %": percent(mrr.mean),
    "F1@3 %": percent(f1At3.mean),
    "trapped %": percent(trapped.mean),
    "tokens/query": Math.round(row.tokensPerQuery),
    "calls/add": row.callsPerAdd,
    n: row.n,
  };
}

const MOST_ROOTS = 40;

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

async function tune(): Promise<void> {
  const table: Record<string, unknown>[] = [];
  const inner = remembered(bm25);
  for (const depth of [1, 2, 3])
    for (const roots of [20, 30, MOST_ROOTS])
      for (const damping of [0.3, 0.5, 0.6, 0.7, 0.8]) {
        const rows = await runMem({ methods: [withOracleLinks(inner, { depth, roots, damping })], split: "dev" });
        const mean = (kept: readonly MemRow[]) =>
          kept.reduce((sum, { recallAt10 }) => sum + recallAt10.mean, 0) / kept.length;
        const multi = mean(rows.filter(({ kind }) => kind === "multi-hop"));
        table.push({ depth, roots, damping, "multi-hop %": percent(multi), "all kinds %": percent(mean(rows)) });
      }
  table.sort((left, right) => Number(right["all kinds %"]) - Number(left["all kinds %"]));
  console.table(table.slice(0, 20));
}

if (values.tune) await tune();
else {
  const rows = await runMem({
    methods: [
      bm25,
      withOracleLinks(bm25),
      withOracleEvolution(withOracleLinks(bm25)),
      searchIndex("vectors"),
      searchIndex("hybrid"),
      withOracleLinks(searchIndex("hybrid")),
      withFaultyLinks(searchIndex("hybrid")),
      withOracleEvolution(withOracleLinks(searchIndex("hybrid"))),
      ...(values.peer === undefined ? [] : [langGraphStore(values.peer)]),
    ],
    split: values["held-out"] ? "held-out" : "dev",
    seeds: values.seeds?.split(",").map(Number),
  });
  if (values.json) console.log(JSON.stringify({ ok: true, data: rows, meta: { v: 1 } }, null, 2));
  else console.table(rows.map(printed));
}
