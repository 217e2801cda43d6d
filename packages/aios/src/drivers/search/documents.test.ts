import { expect, test } from "vitest";
import { fusedDocuments } from "./documents.ts";
import type { Lists } from "./fusion.ts";

/** Texts are called a1, a2, b1: of the documents a and b. */
const found = ({ words, vectors, ...weight }: { words: string; vectors: string; vectorWeight?: number }) => {
  const lists: Lists = {
    words: words.split(" ").map((id, at) => ({ id, score: 9 - at })),
    vectors: vectors.split(" ").map((id, at) => ({ id, similarity: 0.9 - at / 10 })),
    ...weight,
  };
  return fusedDocuments(lists, { limit: 9, documentOf: (id) => id.slice(0, 1) });
};
const order = (lists: Parameters<typeof found>[0]): string =>
  found(lists)
    .map(({ id }) => id)
    .join(" ");

test("a document stands where its best text does, and texts of others move up", () => {
  const [a, b, c] = found({ words: "a1 a2 a3 b1 c1", vectors: "a2 b2 a1 c2" });
  expect(a).toMatchObject({ id: "a1", pieces: ["a1", "a2", "a3"], why: { words: { rank: 1 }, vectors: { rank: 1 } } });
  expect(b).toMatchObject({ id: "b1", why: { words: { rank: 2 }, vectors: { rank: 2 } } });
  expect(c?.why).toMatchObject({ words: { rank: 3 }, vectors: { rank: 3 } });
  expect(a?.score).toBeCloseTo(1, 12);
});

test("a list of less weight says less, and the best of both is 1 all the same", () => {
  const lists = { words: "a1 b1 c1", vectors: "c1 b1 a1" };
  expect(order({ ...lists, vectorWeight: 0.5 })).toBe("a1 b1 c1");
  expect(order({ ...lists, vectorWeight: 2 })).toBe("c1 b1 a1");
  const [best] = found({ words: "a1", vectors: "a1", vectorWeight: 0.5 });
  expect(best?.score).toBeCloseTo(1, 12);
});
