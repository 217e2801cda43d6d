import { afterEach, beforeEach } from "vitest";
import type { Findable, FindQuery, Found, Random, SearchIndex } from "../../src/kernel/ports.ts";

export interface Searched {
  /** The one of this test. */
  readonly index: SearchIndex;
  find(content: string, more?: Partial<FindQuery>): Promise<readonly Found[]>;
  ids(content: string, more?: Partial<FindQuery>): Promise<readonly string[]>;
}

/** A new index for each test of the suite that calls it. */
export function eachIndex(open: () => Promise<SearchIndex>): Searched {
  let index: SearchIndex;
  beforeEach(async () => {
    index = await open();
  });
  afterEach(() => index[Symbol.asyncDispose]());
  const find: Searched["find"] = (content, more = {}) =>
    index.search({ spaces: ["s"], text: content, limit: 10, ...more });
  return {
    get index() {
      return index;
    },
    find,
    ids: async (content, more) => (await find(content, more)).map(({ id }) => id),
  };
}

export const text = (id: string, content: string, more: Partial<Findable> = {}): Findable => ({
  id,
  space: "s",
  version: 1,
  text: content,
  terms: [],
  facets: {},
  ...more,
});

const vocabulary = [
  "gpu",
  "queue",
  "Berlin",
  "agent",
  "memory",
  "note",
  "kernel",
  "机器",
  "学习",
  "北京",
  "模型",
  "test",
];

export const sentence = (random: Random, length: number): string =>
  Array.from({ length }, () => vocabulary[Math.floor(random.next() ** 2 * vocabulary.length)]).join(" ");

export const randomText = (random: Random, id: string, space: string): Findable => ({
  id,
  space,
  version: 1,
  text: sentence(random, 1 + Math.floor(random.next() * 12)),
  terms: random.next() < 0.5 ? [sentence(random, 1)] : [],
  facets: { at: Math.floor(random.next() * 60) },
});
