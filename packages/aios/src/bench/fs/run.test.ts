import { expect, test } from "vitest";
import type { FileQuery } from "./corpus-file.ts";
import type { FileMethod } from "./method.ts";
import { answersOf, rowsOf } from "./run.ts";
import { timesOf } from "./spans.ts";
import { docsTable, foundFigures, tablesOf } from "./tables.ts";

const query = (kind: FileQuery["kind"], text: string, relevant: readonly string[]): FileQuery => ({
  kind,
  lang: "en",
  text,
  terms: kind === "keyword" ? [text] : [],
  relevant,
});

/** Finds what it was told to find. */
const knowing = (name: string, answers: Readonly<Record<string, readonly string[]>>): FileMethod => ({
  name,
  index: async () => undefined,
  find: async ({ text }, limit) => (answers[text] ?? []).slice(0, limit),
  [Symbol.asyncDispose]: async () => undefined,
});

const tenOthers = Array.from({ length: 10 }, (_, at) => `other-${at}`);

test("F1 is of all that was found, recall of the first ten, the reciprocal rank of the first that is right", async () => {
  const queries = [
    query("keyword", "one", ["a", "b", "c"]),
    query("keyword", "two", ["a"]),
    query("named", "three", ["a", "b"]),
    query("described", "four", ["a"]),
  ];
  // one: precision 2/4, recall 2/3, F1 4/7; two: nothing found, 0. three: one of two, third. four: eleventh.
  const method = knowing("reader", {
    one: ["x", "a", "b", "y"],
    three: ["x", "y", "b", "z"],
    four: [...tenOthers, "a"],
  });
  const rows = rowsOf(await answersOf({ name: "seed 1", files: [], queries }, [method]));
  const of = (kind: string) => rows.find((row) => row.kind === kind)!;
  expect(of("keyword").f1.mean).toBeCloseTo(2 / 7, 12);
  expect(of("keyword").n).toBe(2);
  expect(of("named")).toMatchObject({ recallAt10: { mean: 0.5 }, mrr: { mean: 1 / 3 } });
  expect(of("described")).toMatchObject({ recallAt10: { mean: 0 }, mrr: { mean: 0 } });
  expect(of("metadata").n).toBe(0);
});

test("a keyword that is answered by too much is not right, though all of it is there", async () => {
  const queries = [query("keyword", "one", ["a"])];
  const [answer] = await answersOf({ name: "1", files: [], queries }, [knowing("all", { one: ["a", ...tenOthers] })]);
  // precision 1/11, recall 1: F1 = 2/12
  expect(answer).toMatchObject({ recallAt10: 1, reciprocalRank: 1 });
  expect(answer?.f1).toBeCloseTo(1 / 6, 12);
});

test("an interval comes from the seeds; figures say it, their target, and what others found", async () => {
  const queries = [query("keyword", "one", ["a"]), query("named", "two", ["a"])];
  const good = knowing("hybrid", { one: ["a"], two: ["a"] });
  const bad = knowing("grep", { one: ["a"] });
  const collection = (name: string) => ({ name, files: [], queries });
  const answers = [
    ...(await answersOf(collection("seed 1"), [good, bad])),
    ...(await answersOf(collection("seed 2"), [knowing("hybrid", { one: ["a"] }), bad])),
  ];
  const rows = rowsOf(answers);
  expect(foundFigures(rows, { method: "hybrid", others: ["grep"] })).toEqual([
    { name: "keyword F1, en, hybrid", value: 1, unit: "", target: "≥ 0.97", holds: true, interval: [1, 1] },
    {
      name: "semantic recall@10, named, en, hybrid beside grep",
      value: 0.5,
      unit: "",
      peer: { name: "grep", value: 0 },
      interval: [0, 1],
    },
  ]);
  const [table] = tablesOf(rows);
  expect(table?.rows.map(({ name, cells }) => [name, cells[0]?.value, cells[1]?.value, cells[3]])).toEqual([
    ["hybrid", 100, 50, null],
    ["grep", 100, 0, null],
  ]);
});

test("documentation is one collection, and its interval comes from its questions", async () => {
  const queries = [query("described", "one", ["a"]), query("described", "two", ["a"])];
  const answers = await answersOf({ name: "docs", files: [], queries }, [knowing("half", { one: ["x", "a"] })]);
  const { columns, rows } = docsTable(answers);
  expect(columns).toEqual(["recall@10, en", "MRR, en"]);
  expect(rows[0]?.cells).toEqual([
    { value: 50, low: 0, high: 100 },
    { value: 25, low: 0, high: 50 },
  ]);
});

test("times mean whole days, weeks from Monday to Sunday, and whole months of UTC", () => {
  const days = (span: Parameters<typeof timesOf>[0], now: string, back = 0) => {
    const { fromMs, toMs } = timesOf(span, Date.parse(now), back);
    return [new Date(fromMs).toISOString(), new Date(toMs + 1).toISOString()].map((text) => text.slice(0, 16));
  };
  expect(days("yesterday", "2026-03-01T08:00Z")).toEqual(["2026-02-28T00:00", "2026-03-01T00:00"]);
  // A Sunday, the last day of its week.
  expect(days("lastWeek", "2026-03-01T08:00Z")).toEqual(["2026-02-16T00:00", "2026-02-23T00:00"]);
  expect(days("lastMonth", "2026-01-31T08:00Z")).toEqual(["2025-12-01T00:00", "2026-01-01T00:00"]);
  expect(days("inMonth", "2026-01-31T08:00Z", 3)).toEqual(["2025-10-01T00:00", "2025-11-01T00:00"]);
});
