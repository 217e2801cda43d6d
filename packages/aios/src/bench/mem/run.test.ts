import { expect, test } from "vitest";
import type { Dialogue } from "./dialogue.ts";
import { bm25, withOracleLinks } from "./methods.ts";
import type { Method } from "./methods.ts";
import type { Retriever } from "./retriever.ts";
import { runMem } from "./run.ts";

const size = { sessions: 8, speakers: 4, relativesEach: 3, questionsPerKind: 6 };

/** Knows the answers. */
const reader: Method = {
  name: "reader",
  open: ({ questions }: Dialogue): Retriever => ({
    name: "reader",
    add: async () => undefined,
    search: async (text) =>
      (questions.find((each) => each.text === text)?.evidence ?? []).map((id) => ({ id, score: 1 })),
    stats: () => ({ tokensPerQuery: 7, modelCallsPerAdd: 3 }),
    [Symbol.asyncDispose]: async () => undefined,
  }),
};

test("who reads everything has all figures at their ceiling", async () => {
  const rows = await runMem({ methods: [reader], split: "dev", seeds: [1, 2], size });
  expect(rows.map(({ lang, kind }) => `${lang} ${kind}`)).toEqual(
    ["en", "zh"].flatMap((lang) =>
      ["single-hop", "multi-hop", "temporal", "open", "adversarial"].map((kind) => `${lang} ${kind}`),
    ),
  );
  for (const row of rows) {
    expect(row).toMatchObject({ recallAt10: { mean: 1 }, mrr: { mean: 1 }, f1At3: { mean: 1 }, n: 12 });
    expect(row).toMatchObject({ tokensPerQuery: 7, callsPerAdd: 3 });
  }
  expect(rows.find(({ kind }) => kind === "adversarial")).toMatchObject({ trapped: { mean: 0 }, recallAt10: { n: 4 } });
});

test("oracle links find more of a chain than the words of its question", async () => {
  const rows = await runMem({ methods: [bm25, withOracleLinks(bm25)], split: "dev", seeds: [1], langs: ["en"] });
  const recall = (method: string) =>
    rows.find((row) => row.method === method && row.kind === "multi-hop")?.recallAt10.mean ?? Number.NaN;
  expect(recall("BM25")).toBeLessThan(0.5);
  expect(recall("BM25 + links (simulated annotator)")).toBeGreaterThan(recall("BM25") + 0.1);
});
