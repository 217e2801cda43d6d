import { expect, test } from "vitest";
import { createBm25 } from "./bm25.ts";
import { generateDialogue } from "./dialogues.ts";
import { expandLinks } from "./expand-links.ts";
import { bm25, notesFor, withOracleEvolution, withOracleLinks } from "./methods.ts";
import type { AddedNote, Hit, Retriever } from "./retriever.ts";

const note = (id: string, text: string, lang: "en" | "zh" = "en"): AddedNote => ({
  id,
  session: 0,
  atMs: 0,
  speaker: "Ann",
  text,
  lang,
  facts: [],
  context: "",
});

const ids = (hits: readonly Hit[]) => hits.map(({ id }) => id);

test("BM25 finds by words, rarer ones first, and never more than it was asked for", async () => {
  await using retriever = createBm25();
  await retriever.add([note("a", "The boat is late."), note("b", "The boat sank."), note("c", "The tea is cold.")]);
  expect(ids(await retriever.search("Who saw that the boat sank?", { k: 2, lang: "en" }))).toEqual(["b", "a"]);
  expect(await retriever.search("Nothing?", { k: 2, lang: "en" })).toEqual([]);
  expect(await retriever.search('"?" OR', { k: 2, lang: "en" })).toEqual([]);
});

test("BM25 sees the name in Ann's, other endings of a word, and words of Chinese", async () => {
  await using retriever = createBm25();
  await retriever.add([note("a", "Bea's boats sank."), note("b", "Tea."), note("c", "乌云搬到青岛去了。", "zh")]);
  expect(ids(await retriever.search("Bea", { k: 9, lang: "en" }))).toEqual(["a"]);
  expect(ids(await retriever.search("boat", { k: 9, lang: "en" }))).toEqual(["a"]);
  expect(ids(await retriever.search("谁在青岛?", { k: 9, lang: "zh" }))).toEqual(["c"]);
});

/** Always finds the same. */
const fixed = (hits: readonly Hit[]): Retriever => ({
  name: "fixed",
  add: async () => undefined,
  search: async (_text, { k }) => hits.slice(0, k),
  stats: () => ({ tokensPerQuery: 0, modelCallsPerAdd: 0 }),
  [Symbol.asyncDispose]: async () => undefined,
});

test("a neighbour has the damped scores of all hits that lead to it, each along its shortest way", async () => {
  // Nothing leads from the second and third place; b, in the fourth, has half of a's score.
  const inner = fixed(["a", "-", "--", "b"].map((id) => ({ id, score: 1 })));
  // a – x – y – b; z is out of reach.
  const links = [
    ["a", "x"],
    ["y", "x"],
    ["b", "y"],
    ["z", "w"],
  ] as const;
  const found = async (depth: number) => {
    await using retriever = expandLinks(inner, links, { damping: 0.5, roots: 9, depth });
    const hits = await retriever.search("", { k: 9, lang: "en" });
    return Object.fromEntries(hits.flatMap(({ id, score }) => (id.startsWith("-") ? [] : [[id, score] as const])));
  };
  expect(await found(1)).toEqual({ a: 1, b: 0.5, x: 0.5, y: 0.25 });
  // x: 1/2 of a, 1/4 of b; y: 1/4 of a, 1/2 of b.
  expect(await found(2)).toEqual({ a: 1, b: 0.5, x: 0.625, y: 0.5 });
  // a and b are three links apart, and give each other an eighth.
  expect(await found(3)).toEqual({ a: 1.0625, b: 0.625, x: 0.625, y: 0.5 });
});

test("neighbours of hits below the roots are not looked at", async () => {
  const hits = ["a", "b"].map((id) => ({ id, score: 1 }));
  await using retriever = expandLinks(fixed(hits), [["b", "x"]], { damping: 0.5, roots: 1, depth: 3 });
  expect(ids(await retriever.search("", { k: 2, lang: "en" }))).toEqual(["a", "b"]);
});

test("the tokens of a query are those of the notes that came back, with what was written about them", async () => {
  await using retriever = createBm25();
  // "Ann: tea" has 8 bytes, "Ann: tea (1234567890123)" 24.
  await retriever.add([note("a", "tea"), { ...note("b", "tea"), context: "1234567890123" }]);
  await retriever.search("tea", { k: 9, lang: "en" });
  expect(retriever.stats()).toEqual({ tokensPerQuery: 2 + 6, modelCallsPerAdd: 0 });
});

test("simulated annotators say so in their names, what a real annotator would cost in their figures, and evolve notes alone", async () => {
  const dialogue = generateDialogue({ split: "dev", seed: 1, lang: "en" });
  const evolved = withOracleEvolution(withOracleLinks(bm25));
  expect(evolved.name).toBe("BM25 + links (simulated annotator) + evolution");
  await using retriever = evolved.open(dialogue);
  expect(retriever.stats().modelCallsPerAdd).toBe(1);
  const [plain, changed] = [notesFor(dialogue, bm25), notesFor(dialogue, evolved)];
  expect(plain.filter(({ context }) => context !== "")).toEqual([]);
  expect(changed.filter(({ context }) => context !== "")).toHaveLength(dialogue.oracleEvolutions.length);
});
