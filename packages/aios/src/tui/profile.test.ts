import type { CallView } from "@aiosjs/sdk";
import { noUsage } from "@aiosjs/sdk";
import { expect, test } from "vitest";
import { profileWords } from "../cli/messages/profile.ts";
import { draws } from "../drivers/llm/sim/prng.ts";
import { colour, plain } from "./paint.ts";
import { profilePane } from "./profile-pane.ts";
import { profileOf, shares } from "./profile.ts";
import { widthOf } from "./width.ts";

interface Times {
  readonly queued: number;
  readonly started: number;
  readonly first?: number;
  readonly ended: number;
  /** Default: until the first dispatch. */
  readonly waited?: number;
}

let seq = 0;
const call = (
  name: string,
  { queued, started, first, ended, waited }: Times,
  more: Partial<CallView> = {},
): CallView => ({
  call: `c${++seq}`,
  pid: "p",
  seq,
  name,
  device: name === "llm.chat" ? "sim/m" : "tool",
  state: "done",
  detail: "",
  code: null,
  error: null,
  usage: { ...noUsage, inputTokens: 10, outputTokens: 5, costUsd: 0.01 },
  timing: {
    queuedAt: queued,
    startedAt: started,
    endedAt: ended,
    waitingMs: waited ?? started - queued,
    turnaroundMs: ended - queued,
  },
  firstOutputAt: first ?? null,
  ...more,
});
const profile = (calls: CallView[], span = { from: 0, to: 1_000 }, suspended: { from: number; to: number }[] = []) =>
  profileOf({ calls, suspended, ...span });

test("a streamed model call is waiting, prefill and decode; what no call fills is the program's own", () => {
  const { shares: sums, wallMs } = profile([call("llm.chat", { queued: 100, started: 300, first: 450, ended: 900 })]);
  expect(sums).toEqual({
    own: 200,
    waiting: 200,
    prefill: 150,
    decode: 450,
    answer: 0,
    tool: 0,
    suspended: 0,
    other: 0,
  });
  expect(wallMs).toBe(1_000);
});

test("an answer in one piece is not split into reading and writing", () => {
  const { shares: sums } = profile([
    call("llm.chat", { queued: 0, started: 100, ended: 400 }),
    call("llm.chat", { queued: 500, started: 500, first: 800, ended: 800 }),
  ]);
  expect(sums).toMatchObject({ waiting: 100, answer: 600, prefill: 0, decode: 0, own: 300 });
});

test("calls at once are counted once: what a model writes goes before a tool, a tool before waiting", () => {
  const { shares: sums } = profile([
    call("llm.chat", { queued: 0, started: 100, first: 200, ended: 600 }),
    call("llm.chat", { queued: 0, started: 500, first: 600, ended: 700 }),
    call("tool.call", { queued: 0, started: 0, ended: 800 }),
    call("proc.wait", { queued: 0, started: 0, ended: 900 }, { device: "kernel" }),
  ]);
  expect(sums).toEqual({
    prefill: 100,
    decode: 500,
    tool: 200,
    other: 100,
    own: 100,
    waiting: 0,
    answer: 0,
    suspended: 0,
  });
});

test("waiting after a retry counts as waiting, and never beyond the first output", () => {
  const retried = call("llm.chat", { queued: 0, started: 50, first: 400, ended: 500, waited: 250 });
  expect(profile([retried]).shares).toMatchObject({ waiting: 250, prefill: 150, decode: 100 });
  const preempted = call("llm.chat", { queued: 0, started: 50, first: 100, ended: 500, waited: 250 });
  expect(profile([preempted]).shares).toMatchObject({ waiting: 100, prefill: 0, decode: 400 });
});

test("what passes before a call stands in a queue is the kernel's", () => {
  const { shares: sums } = profile([
    call("llm.chat", { queued: 100, started: 300, first: 400, ended: 500, waited: 150 }),
  ]);
  expect(sums).toMatchObject({ other: 50, waiting: 150, prefill: 100, decode: 100 });
});

test("a suspended process's time is neither its own nor its queue's", () => {
  const waiting = call("llm.chat", { queued: 100, started: 700, ended: 800 });
  const { shares: sums } = profile([waiting], { from: 0, to: 1_000 }, [{ from: 50, to: 600 }]);
  expect(sums).toMatchObject({ suspended: 550, waiting: 100, answer: 100, own: 250 });
});

test("what lies outside of the process's life is cut off, and the shares are always the wall time", () => {
  const chance = draws(7, 0, "profiles");
  for (let round = 0; round < 200; round++) {
    const calls = Array.from({ length: chance.below(20) }, () => {
      const queued = chance.below(1_500) - 250;
      const started = queued + chance.below(200);
      const ended = started + chance.below(400);
      const first = chance.next() < 0.5 ? started + chance.below(ended - started + 1) : undefined;
      const name = ["llm.chat", "tool.call", "fs.read"][chance.below(3)]!;
      return call(name, { queued, started, ended, ...(first === undefined ? {} : { first }) });
    });
    const { shares: sums } = profile(calls, { from: 0, to: 1_000 }, [{ from: 300, to: 350 }]);
    expect(shares.reduce((sum, share) => sum + sums[share], 0)).toBeCloseTo(1_000);
    for (const share of shares) expect(sums[share]).toBeGreaterThanOrEqual(0);
  }
});

test("money and tokens are summed by model, by tool and by the place in the program", () => {
  const at = { queued: 0, started: 0, ended: 100 };
  const { groups, sites, usage } = profile([
    call("llm.chat", at, { callSite: "plan" }),
    call("llm.chat", at, { callSite: "write", device: "up/big" }),
    call("llm.chat", { ...at, ended: 400 }, { callSite: "write" }),
    call("tool.call", { ...at, ended: 50 }, { tool: "calculator", state: "failed" }),
  ]);
  expect(groups.map(({ kind, name, calls, failed }) => [kind, name, calls, failed])).toEqual([
    ["model", "sim/m", 2, 0],
    ["model", "up/big", 1, 0],
    ["tool", "calculator", 1, 1],
  ]);
  expect(sites.map(({ name, usage: used }) => [name, used.inputTokens])).toEqual([
    ["write", 20],
    ["plan", 10],
  ]);
  expect(usage.costUsd).toBeCloseTo(0.04);
});

test("the pane never exceeds the terminal, in either language, and its bars are as long as their shares", () => {
  const shown = profile([
    call("llm.chat", { queued: 0, started: 100, first: 200, ended: 700 }, { callSite: "计划 plan" }),
    call("tool.call", { queued: 700, started: 700, ended: 701 }, { tool: "a_tool_with_a_very_long_name_indeed" }),
  ]);
  const paneIn = (lang: "en" | "zh", width: number, paint = plain) =>
    profilePane({ profile: shown, simulatedCores: new Set(["sim"]), words: profileWords(lang), paint }, width);
  for (const lang of ["en", "zh"] as const)
    for (const paint of [plain, colour])
      for (let width = 20; width <= 160; width += 7)
        for (const line of paneIn(lang, width, paint)) expect(widthOf(line), line).toBeLessThanOrEqual(width);
  const barsOf = (width: number) =>
    paneIn("en", width)
      .slice(0, 5)
      .map((line) => line.split("█").length - 1);
  expect(barsOf(100)).toEqual([30, 6, 0, 6, 18]);
});
