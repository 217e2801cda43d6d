import { expect, test } from "vitest";
import { cast } from "../cli/demo/cast.ts";
import { demoWords } from "../cli/messages/demo.ts";
import { demoPane } from "./demo-pane.ts";
import type { DemoRow, DemoState, Phase } from "./demo-pane.ts";
import { demoSummary } from "./demo-summary.ts";
import { colour, plain } from "./paint.ts";
import { widthOf } from "./width.ts";

const phases: readonly Phase[] = ["starting", "waiting", "thinking", "working", "done", "held", "failed"];
const core = "sim/sim · simulated: no account, no cost · 3 calls at once · 360 requests/min";

const state = (lang: "en" | "zh", more: Partial<DemoState> = {}): DemoState => ({
  rows: cast.map((role, index): DemoRow => ({
    name: role.name[lang],
    nice: role.nice ?? 0,
    phase: phases[index % phases.length]!,
    last: ["", "12 * 19.99 + 3 * 4.50 = 253.38", "→ invoice.md", "为一个家庭规划四块菜地 · 2 steps"][index % 4]!,
    calls: index,
    tokens: index * 1_234,
    waitingMs: index * 567,
  })),
  elapsedMs: 11_700,
  calls: 31,
  toolCalls: 21,
  tokens: 27_700,
  waiting: 9,
  wasted: 0,
  words: demoWords(lang, { core, count: cast.length }),
  paint: plain,
  ...more,
});

test("the live picture keeps within any terminal, in both languages, with colours", () => {
  for (const lang of ["en", "zh"] as const)
    for (const paint of [plain, colour])
      for (const [width, height] of [
        [80, 24],
        [120, 40],
        [60, 12],
        [40, 8],
        [30, 4],
      ] as const) {
        const lines = demoPane(state(lang, { paint }), width, height);
        expect(lines.length).toBeLessThanOrEqual(height);
        for (const line of lines) expect(widthOf(line), `${lang} ${width}: ${line}`).toBeLessThanOrEqual(width);
      }
});

test("all twelve agents, what they share and how far they are fit a terminal of 80 by 24", () => {
  const text = demoPane(state("en"), 80, 24).join("\n");
  for (const { name } of cast) expect(text).toContain(name.en);
  expect(text).toContain(core);
  expect(text).toContain("31 calls · 21 tool calls · 27.7k tokens · 9 waiting now · 0 wasted 429s");
  // Ended, held and failed ones stand still for good.
  expect(text).toContain("4 of 12");
});

test("columns stay where they are from picture to picture, whatever they show", () => {
  const headingOf = (given: DemoState) => demoPane(given, 80, 24).find((line) => line.includes("LAST DONE"));
  const empty = state("en");
  const rows = empty.rows.map((row) => ({ ...row, last: "", calls: 0, tokens: 0, waitingMs: 0 }));
  expect(headingOf(state("en", { rows }))).toBe(headingOf(empty));
});

test("the summary shows every agent, the facts and three commands on one small screen", () => {
  const summary = {
    state: state("en"),
    outcome: "AIOS · 11 of 12 agents finished · 1 held at its limit, as it should be",
    facts: [
      { label: "work", text: "31 model calls · 21 tool calls · 27.7k tokens · cost: none, simulated" },
      { label: "waiting", text: "median 1.9s · p95 10.0s · concierge (interactive) 0ms · 0 wasted 429s" },
      { label: "kept", text: "11 notes, 3 recalled, 8 files in /root/.local/share/aios/files/local" },
    ],
    next: {
      heading: "The kernel is up at http://127.0.0.1:4141 until Ctrl-C. In another terminal:",
      commands: [
        { command: 'npm run -s aios -- mem search "a tip"', why: "their notes (also: mem graph)" },
        { command: "npm run -s aios -- limits dreamer tokens=50k", why: "let dreamer go on" },
        { command: "npm run -s aios -- run -- python my_agent.py", why: "any program becomes a process" },
      ],
    },
    notes: [],
  };
  const lines = demoSummary(summary, 80);
  // One line less than the screen has: the cursor stands below.
  expect(lines).toHaveLength(23);
  for (const line of lines) expect(widthOf(line), line).toBeLessThanOrEqual(80);
  // Where the reasons do not fit beside the commands, they stand below them.
  const narrow = demoSummary(summary, 60);
  expect(narrow).toContain("   npm run -s aios -- run -- python my_agent.py");
  for (const line of narrow.filter((each) => !each.includes("npm run")))
    expect(widthOf(line), line).toBeLessThanOrEqual(60);
});
