import { expect, test } from "vitest";
import { matcherOf } from "./pattern.ts";

test("a star stands for any text, an empty one too, and all else for itself", () => {
  const table: [pattern: string, matching: string[], others: string[]][] = [
    ["llm.*", ["llm.chat", "llm."], ["llm", "llmxchat", "a llm.chat"]],
    ["*.chat", ["llm.chat", ".chat"], ["llm.chats"]],
    ["a*b*c", ["abc", "a-b-b-c", "abcc"], ["acb", "ab", "abcd"]],
    ["a*a", ["aa", "aba"], ["a"]],
    ["ab*ba", ["abba", "ab ba"], ["aba"]],
    ["*", ["", "anything\nat all"], []],
    ["exact", ["exact"], ["exactly", ""]],
    ["[a-z]+(x|y)$*", ["[a-z]+(x|y)$1"], ["ax"]],
  ];
  for (const [pattern, matching, others] of table) {
    for (const text of matching) expect([pattern, text, matcherOf([pattern])(text)]).toEqual([pattern, text, true]);
    for (const text of others) expect([pattern, text, matcherOf([pattern])(text)]).toEqual([pattern, text, false]);
  }
  expect(matcherOf(["a", "b*"])("bc")).toBe(true);
  expect(matcherOf([])("anything")).toBe(true);
  expect(matcherOf(undefined)("anything")).toBe(true);
});

test("no pattern holds the kernel up, however many stars it has", () => {
  expect(matcherOf([`${"*a".repeat(50)}*b`])("a".repeat(100))).toBe(false);
  expect(matcherOf([`${"*".repeat(10_000)}x`])("proc.receive")).toBe(false);
});
