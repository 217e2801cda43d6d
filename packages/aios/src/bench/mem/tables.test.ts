import { expect, test } from "vitest";
import { questionKinds } from "./dialogue.ts";
import type { Lang } from "./dialogue.ts";
import type { Estimate } from "./metrics.ts";
import type { MemRow } from "./run.ts";
import { gainFigures, tablesOf } from "./tables.ts";

const all = (mean: number): Estimate => ({ mean, low: mean - 0.1, high: mean + 0.1, n: 3 });

const rowsOf = (method: string, lang: Lang, recall: number): MemRow[] =>
  questionKinds.map((kind) => ({
    method,
    kind,
    lang,
    recallAt10: all(kind === "multi-hop" ? recall : 0.5),
    mrr: all(0.25),
    f1At3: all(0.125),
    trapped: all(Number.NaN),
    tokensPerQuery: 120,
    callsPerAdd: 1,
    n: 3,
  }));
const rows = [
  ...rowsOf("plain", "en", 0.3),
  ...rowsOf("linked", "en", 0.5),
  ...rowsOf("plain", "zh", 0.3),
  ...rowsOf("linked", "zh", 0.4),
];

test("the target is about points of recall@10 on multi-hop, in each language", () => {
  const figures = gainFigures(rows, { method: "linked", others: ["plain"], atLeast: 15 });
  expect(figures.map(({ value, holds, peer }) => ({ value, holds, peer: peer?.value }))).toEqual([
    { value: 20, holds: true, peer: 30 },
    { value: 10, holds: false, peer: 30 },
  ]);
});

test("every figure has a table for each language, in percent; what does not count is left empty", () => {
  const tables = tablesOf(rows);
  expect(tables.map(({ title }) => title)).toEqual([
    ...["en", "zh"].flatMap((lang) =>
      ["recall@10, %", "MRR, %", "evidence F1@3, %", "trapped, %"].map((figure) => `${figure}, ${lang}`),
    ),
    "what it takes",
  ]);
  const [recall, , , trapped] = tables;
  expect(recall?.rows[1]).toMatchObject({ name: "linked" });
  expect(recall?.rows[1]?.cells[1]).toEqual({ value: 50, low: 40, high: 60 });
  expect(trapped?.rows[0]?.cells).toEqual([null, null, null, null, null]);
  expect(tables.at(-1)?.rows[0]?.cells.map((cell) => cell?.value)).toEqual([120, 120, 1]);
});
