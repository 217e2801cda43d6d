import type { ProcessView } from "@aiosjs/sdk";
import { noUsage } from "@aiosjs/sdk";
import { expect, test } from "vitest";
import { processWords } from "../cli/messages/process.ts";
import { topWords } from "../cli/messages/top.ts";
import { columnsOf } from "./columns.ts";
import { quantile, shortCost, shortCount, shortTime } from "./figures.ts";
import { colour, plain } from "./paint.ts";
import { processTable } from "./process-table.ts";
import { topPane } from "./top-pane.ts";
import type { Lane, TopState } from "./top-pane.ts";
import { traceLine } from "./trace-line.ts";
import { widthOf } from "./width.ts";

const process = (pid: string, name: string, more: Partial<ProcessView> = {}): ProcessView => ({
  pid,
  name,
  parent: null,
  tenant: "main",
  kind: "agent",
  state: "running",
  on: null,
  nice: 0,
  class: "batch",
  model: "sim/small",
  queued: 1,
  running: 1,
  done: 12,
  failed: 0,
  toolCalls: 3,
  usage: { ...noUsage, inputTokens: 12_000, outputTokens: 345, costUsd: 0.0123 },
  waitingMs: 2_400,
  limits: [],
  startedAt: 1_000,
  endedAt: null,
  exit: null,
  hostPid: null,
  seen: { trust: "user", confidentiality: "internal" },
  labels: "enforced",
  context: null,
  ...more,
});
const processes = [
  process("k3f9aab2c1", "researcher"),
  process("p0", "研究员小明", { state: "suspended", on: "tokens", model: "openai/gpt-9", nice: -10 }),
  process("z9", "an agent with a very long name that nobody can read at a glance", {
    state: "zombie",
    endedAt: 61_000,
    exit: { code: 1, signal: null, reason: "failed" },
    model: null,
  }),
];
const table = { processes, simulatedCores: new Set(["sim"]), nowMs: 61_000, paint: plain };

test("a table never exceeds the terminal, in either language and with colours", () => {
  for (const lang of ["en", "zh"] as const)
    for (const paint of [plain, colour])
      for (let width = 10; width <= 200; width += 7)
        for (const line of processTable({ ...table, paint, words: processWords(lang) }, width, 50))
          expect(widthOf(line), `${lang} ${width}: ${line}`).toBeLessThanOrEqual(width);
});

test("a narrow terminal keeps pid, name, state and calls, and drops the rest by importance", () => {
  const words = processWords("en");
  const headings = (width: number) =>
    processTable({ ...table, words }, width, 50)[0]!
      .split(/\s{2,}/)
      .join("  ");
  expect(headings(250)).toBe(
    "PID  NAME  KIND  STATE  NICE  CLASS  MODEL  CALLS q/r/d/f  TOKENS  CONTEXT  WAIT  COST  UPTIME",
  );
  expect(headings(80)).toMatch(/^PID {2}NAME {2}STATE .*CALLS q\/r\/d\/f {2}TOKENS {2}WAIT/);
  expect(headings(80)).not.toContain("UPTIME");
  expect(headings(48)).toBe("PID  NAME  STATE  CALLS q/r/d/f");
});

test("columns stand below one another although some cells are Chinese", () => {
  const lines = processTable({ ...table, words: processWords("zh") }, 200, 50);
  const columnOf = (line: string, text: string) => widthOf(line.slice(0, line.indexOf(text)));
  expect(columnOf(lines[1]!, "运行")).toBe(columnOf(lines[2]!, "挂起"));
  expect(columnOf(lines[0]!, "状态")).toBe(columnOf(lines[1]!, "运行"));
});

test("what a simulation answered is marked, its price too; a real one is not", () => {
  const simulated = new Set(["gpu"]);
  const rows = [process("a", "one", { model: "gpu/small" }), process("b", "two", { model: "openai/gpt-9" })];
  const [, first, second] = processTable(
    { ...table, processes: rows, simulatedCores: simulated, words: processWords("en") },
    200,
    9,
  );
  expect(first).toContain("gpu/small (sim)");
  expect(first).toContain("sim $0.0123");
  expect(second).not.toContain("sim");
  expect(second).toContain("$0.0123");
});

test("a recorded answer is marked", () => {
  const recordedCores = new Set(["demo"]);
  const rows = [process("a", "one", { model: "demo/m" }), process("b", "two", { model: "real/m" })];
  const [, first, second] = processTable(
    { ...table, recordedCores, processes: rows, words: processWords("en") },
    200,
    9,
  );
  expect(first).toContain("demo/m (rec)");
  expect(second).not.toContain("(rec)");
});

test("a process that has ended shows how, one that a signal ended shows the signal", () => {
  const rows = [
    process("a", "one", { state: "zombie", exit: { code: 3, signal: null, reason: "" } }),
    process("b", "two", { state: "zombie", exit: { code: null, signal: "kill", reason: "" } }),
  ];
  const lines = processTable({ ...table, processes: rows, words: processWords("en") }, 200, 9);
  expect(lines[1]).toContain("exit 3");
  expect(lines[2]).toContain("kill");
});

test("more processes than lines end in the number of those that are not shown", () => {
  const rows = Array.from({ length: 30 }, (_, index) => process(`p${index}`, `agent ${index}`));
  const lines = processTable({ ...table, processes: rows, words: processWords("en") }, 80, 10);
  expect(lines).toHaveLength(10);
  expect(lines.at(-1)).toBe("+22");
});

const lane: Lane = {
  lane: "sim#0/small",
  core: "sim",
  model: "small",
  isSimulated: true,
  queued: 7,
  running: 3,
  concurrency: 3,
  buckets: [{ name: "requests", perMinute: 300, burst: 5, level: 1.2, source: "configured" }],
  cooldownUntil: null,
  price: null,
  done: 1_234,
  failed: 0,
  refused: 0,
};
const top = (lang: "en" | "zh", more: Partial<TopState> = {}): TopState => ({
  ...table,
  lanes: [lane],
  status: {
    name: "AIOS",
    version: "0.1.0",
    url: "http://127.0.0.1:4141",
    startedAt: 0,
    policy: "priority",
    processes: { running: 1, suspended: 1, zombie: 1 },
    approvals: 0,
    queued: 7,
    running: 3,
    done: 10,
    failed: 0,
    cores: [{ name: "sim", kind: "sim", isSimulated: true, models: 1 }],
    journal: { driver: "sqlite", isReadOnly: false },
  },
  words: topWords(lang),
  ...more,
});

test("who waits for a person's word says so, and top counts the questions", () => {
  const asking = process("p2", "poster", { state: "blocked", on: "an approval", asks: ["a1"] });
  const lines = processTable({ ...table, processes: [asking], words: processWords("zh") }, 120, 10);
  expect(lines.join("\n")).toContain("待批准");
  const { status } = top("en");
  const busy = topPane(top("en", { processes: [asking], status: { ...status, approvals: 2 } }), 80, 24);
  expect(busy[1]).toBe("2 waiting for an answer: aios approve ls");
  expect(busy).toHaveLength(24);
  expect(busy.join("\n")).toMatch(/poster +asks/);
  expect(topPane(top("en"), 80, 24).join("\n")).not.toContain("approve");
});

test("top says how many notes wait for their vectors", () => {
  const { status } = top("en");
  const busy = topPane(top("en", { status: { ...status, reindexing: { done: 128, of: 300 } } }), 80, 24);
  expect(busy[1]).toBe("notes are embedded: 128 of 300");
  expect(topPane(top("en"), 80, 24).join("\n")).not.toContain("embedded");
});

test("top fills the screen exactly, whatever its size, in either language", () => {
  for (const lang of ["en", "zh"] as const)
    for (const [width, height] of [
      [80, 24],
      [120, 40],
      [40, 10],
      [20, 5],
    ] as const) {
      const lines = topPane(top(lang), width, height);
      expect(lines.length).toBe(height);
      for (const line of lines) expect(widthOf(line), line).toBeLessThanOrEqual(width);
    }
});

test("top names the policy, the living processes, the queue before each model and its rate", () => {
  const text = topPane(top("en"), 120, 30).join("\n");
  expect(text).toContain("policy priority · up 1m01s · 1 running · 1 suspended");
  expect(text).toContain("sim/small");
  expect(text).toContain("3/3");
  expect(text).toContain("requests 1/5 300/min");
  expect(topPane(top("en", { processes: [] }), 120, 30).join("\n")).toContain("aios run -- COMMAND");
  const { status } = top("en");
  const idle = topPane(top("en", { processes: [], status: { ...status, processes: {} } }), 120, 30);
  expect(idle[0]?.trimEnd()).toMatch(/up 1m01s$/);
});

test("what somebody has seen that is not to be trusted stands in a column of its own, and what is only observed is marked", () => {
  const untrusted = { seen: { trust: "untrusted", confidentiality: "internal" } } as const;
  const rows = [process("a", "reader", untrusted), process("b", "client", { ...untrusted, labels: "observed" })];
  const text = topPane(top("en", { processes: rows }), 160, 30).join("\n");
  expect(text).toMatch(/SEEN[^]* untrusted[^]*~untrusted/);
  expect(topPane(top("en", { processes: [process("a", "one")] }), 160, 30).join("\n")).not.toContain("SEEN");
});

test("top shows first who works, last who has ended, the latest of these first", () => {
  const rows = [
    process("a", "ended-early", { state: "zombie", endedAt: 10 }),
    process("b", "idle", { state: "blocked" }),
    process("c", "ended-late", { state: "zombie", endedAt: 20 }),
    process("d", "waiting", { state: "ready" }),
    process("e", "working", { state: "running" }),
  ];
  const text = topPane(top("en", { processes: rows }), 120, 30).join("\n");
  const order = ["working", "waiting", "idle", "ended-late", "ended-early"].map((name) => text.indexOf(name));
  expect(order).toEqual(order.toSorted((left, right) => left - right));
});

test("a lane that cools down says for how long", () => {
  const text = topPane(top("en", { lanes: [{ ...lane, cooldownUntil: 64_000 }] }), 120, 30).join("\n");
  expect(text).toContain("cooling 3.0s");
});

test("a traced syscall is one line: when, what, how it ended, tokens, waiting + running, cost", () => {
  const call = {
    call: "c1",
    pid: "p1",
    seq: 4,
    name: "llm.chat",
    device: "sim/small",
    state: "done" as const,
    detail: 'llm.chat("sum the\n invoice") = "42"',
    code: null,
    error: null,
    usage: { ...noUsage, inputTokens: 1_000, outputTokens: 234, costUsd: 0.5 },
    timing: { queuedAt: 0, startedAt: 340, endedAt: 1_540, waitingMs: 340, turnaroundMs: 1_540 },
  };
  const state = {
    call,
    simulatedCores: new Set(["sim"]),
    paint: plain,
    lang: "en",
    tokens: (n: string) => `${n} tokens`,
  };
  const line = traceLine(state, 120);
  expect(line).toMatch(
    /^\d\d:\d\d:00\.000 {2}llm\.chat\("sum the invoice"\) = "42" +1\.2k tokens {2}340ms\+1\.2s {2}sim \$0\.5000$/,
  );
  const failed = {
    ...call,
    state: "failed" as const,
    detail: 'llm.chat("more")',
    code: "EDQUOT",
    error: "600 tokens are spent",
  };
  expect(traceLine({ ...state, call: failed }, 200)).toContain('llm.chat("more") = EDQUOT 600 tokens are spent');
  expect(traceLine({ ...state, call: { ...call, state: "queued" } }, 200)).toContain("… queued");
  for (let width = 60; width < 200; width += 5)
    for (const detail of ["short", "很长的任务".repeat(40), "x".repeat(300)])
      expect(widthOf(traceLine({ ...state, call: { ...failed, detail } }, width))).toBeLessThanOrEqual(width);
});

test("figures stay short: counts, times and prices", () => {
  expect([0, 999, 1_000, 12_345, 999_949, 999_950, 4_500_000].map(shortCount).join(" ")).toBe(
    "0 999 1.0k 12.3k 999.9k 1.0M 4.5M",
  );
  expect([0, 340, 2_440, 59_949, 59_950, 185_000, 7_620_000, 356_400_000].map(shortTime).join(" ")).toBe(
    "0ms 340ms 2.4s 59.9s 1m00s 3m05s 2h07m 4d03h",
  );
  expect([0, 0.000_01, 0.0123, 12.3].map((usd) => shortCost(usd))).toEqual(["-", "<$0.0001", "$0.0123", "$12.30"]);
  expect(quantile([5, 1, 3, 2, 4], 0.5)).toBe(3);
  expect(quantile([5, 1, 3, 2, 4], 0.95)).toBe(5);
  expect(quantile([], 0.5)).toBe(0);
});

test("of two elastic columns the wider one shrinks first, and a single column is cut", () => {
  const rows = [{ one: "aaaaaaaaaaaaaaaaaaaa", two: "bbbbbbbbbb" }];
  const columns = [
    { title: "1", text: (row: (typeof rows)[0]) => row.one, rank: 0, least: 4 },
    { title: "2", text: (row: (typeof rows)[0]) => row.two, rank: 1, least: 4 },
  ];
  expect(columnsOf(rows, columns, 22)[1]).toBe("aaaaaaaaa…  bbbbbbbbbb");
  expect(columnsOf(rows, columns.slice(0, 1), 5)[1]).toBe("aaaa…");
});
