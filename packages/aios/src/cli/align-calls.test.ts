import type { CallView } from "@aiosjs/sdk";
import { noUsage } from "@aiosjs/sdk";
import { expect, test } from "vitest";
import { draws } from "../drivers/llm/sim/prng.ts";
import { alignCalls, commonOrder } from "./align-calls.ts";

const call = (seq: number, asked: string, more: Partial<CallView> = {}): CallView => ({
  call: `c${seq}`,
  pid: "p",
  seq,
  name: "llm.chat",
  device: "sim/m",
  state: "done",
  detail: asked,
  code: null,
  error: null,
  usage: noUsage,
  timing: { queuedAt: seq, startedAt: seq, endedAt: seq, waitingMs: 0, turnaroundMs: 0 },
  requestHash: asked,
  resultHash: `answer to ${asked}`,
  ...more,
});
const asked = (text: string, more?: Partial<CallView>) =>
  text.split("").map((each, index) => call(index + 1, each, more));
const shown = (left: CallView[], right: CallView[]) =>
  alignCalls(left, right)
    .map(({ mark, left: before, right: after }) => `${mark}${(before ?? after)?.detail}`)
    .join(" ");

test("what both called stands together; what only one of them called is marked", () => {
  expect(shown(asked("abcd"), asked("abcd"))).toBe("=a =b =c =d");
  expect(shown(asked("abcd"), asked("abxd"))).toBe("=a =b -c +x =d");
  expect(shown(asked("abc"), asked("bcd"))).toBe("-a =b =c +d");
  expect(shown(asked(""), asked("ab"))).toBe("+a +b");
  expect(shown(asked("ab"), asked(""))).toBe("-a -b");
});

test("the same call with another result is told apart from another call", () => {
  const left = asked("abc");
  const right = [call(1, "a"), call(2, "b", { resultHash: "other" }), call(3, "c", { state: "failed", code: "EIO" })];
  expect(shown(left, right)).toBe("=a ~b ~c");
});

test("calls with a place in their programs are compared by it, whatever their order", () => {
  const at = (key: string, text: string, seq: number) => call(seq, text, { replayKey: key });
  const left = [at("main#1", "a", 1), at("x#1", "p", 2), at("main#2", "b", 3), at("y#1", "q", 4)];
  const right = [at("main#1", "a", 1), at("y#1", "q", 2), at("x#1", "p", 3), at("main#2", "other", 4)];
  expect(shown(left, right)).toBe("=a =p -b =q +other");
});

test("five equal requests are five calls: a sixth is one more", () => {
  expect(shown(asked("aaaaa"), asked("aaaaaa"))).toBe("=a =a =a =a =a +a");
});

test("the common order is as long as the textbook's, for whatever two orders", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const chance = draws(seed, 0, "orders");
    const order = () => Uint32Array.from({ length: chance.below(24) }, () => chance.below(5));
    const [left, right] = [order(), order()];
    const pairs = commonOrder(left, right);
    expect(pairs.length, `seed ${seed}`).toBe(textbookLength(left, right));
    for (const [index, [i, j]] of pairs.entries()) {
      expect(left[i]).toBe(right[j]);
      const before = pairs[index - 1];
      if (before) expect(before[0] < i && before[1] < j).toBe(true);
    }
  }
});

function textbookLength(left: Uint32Array, right: Uint32Array): number {
  const table = Array.from({ length: left.length + 1 }, () => new Uint32Array(right.length + 1));
  for (let i = 1; i <= left.length; i++)
    for (let j = 1; j <= right.length; j++)
      table[i]![j] =
        left[i - 1] === right[j - 1] ? table[i - 1]![j - 1]! + 1 : Math.max(table[i - 1]![j]!, table[i]![j - 1]!);
  return table[left.length]![right.length]!;
}
