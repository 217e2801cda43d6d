import { expect, test } from "vitest";
import { Thoughts } from "./thoughts.ts";

function parted(pieces: readonly string[], isOpen = false) {
  const thoughts = new Thoughts({ isOpen });
  const all = [...pieces.map((piece) => thoughts.take(piece)), thoughts.rest()];
  return { reasoning: all.map((each) => each.reasoning).join(""), text: all.map((each) => each.text).join("") };
}
const letters = (text: string): string[] => text.split("");

test.each([
  ["<think>two and two</think>\n\n4", false, { reasoning: "two and two", text: "4" }],
  ["\n<think></think>4", false, { reasoning: "", text: "4" }],
  ["two</think> 4", true, { reasoning: "two", text: "4" }],
  ["<think>never ends <", false, { reasoning: "never ends <", text: "" }],
  ["4 < 5, <think>no</think>", false, { reasoning: "", text: "4 < 5, <think>no</think>" }],
  ["<thin", false, { reasoning: "", text: "<thin" }],
  [" plain ", false, { reasoning: "", text: " plain " }],
  ["<think>a</think>b</think>c", false, { reasoning: "a", text: "b</think>c" }],
])("%j, in one piece or letter by letter", (text, isOpen, expected) => {
  expect(parted([text], isOpen)).toEqual(expected);
  expect(parted(letters(text), isOpen)).toEqual(expected);
});
