import type { CallView } from "@aiosjs/sdk";
import { noUsage } from "@aiosjs/sdk";
import { expect, test } from "vitest";
import { summarize } from "../../kernel/devices/summary.ts";
import { outcomeOf, recalledBy } from "./outcome.ts";

const called = (tool: string, args: object, content: string | null): CallView => ({
  call: "c",
  pid: "p",
  seq: 1,
  name: "tool.call",
  device: "builtin",
  state: "done",
  detail: summarize("tool.call", { name: tool, arguments: args }, content === null ? undefined : { content }),
  code: null,
  error: null,
  usage: noUsage,
  timing: { queuedAt: 0, startedAt: 0, endedAt: 0, waitingMs: 0, turnaroundMs: 0 },
});

test("a calculation shows its sum, a query its expression, a date its answer", () => {
  expect(outcomeOf(called("calculator", { expression: "6 * 7" }, "42"))).toEqual({ text: "6 * 7 = 42", result: "42" });
  expect(outcomeOf(called("json_query", { query: "a.b", json: '{"a":{"b":"}) = \\"x"}}' }, '"x"'))?.text).toBe(
    'a.b = "x"',
  );
  expect(outcomeOf(called("date", { operation: "now" }, "2026-03-01\n(Sunday)"))?.text).toBe("2026-03-01 (Sunday)");
});

test("a file that was written or read shows its path, also where its content was too long for the summary", () => {
  const content = '"quoted"\n'.repeat(100);
  expect(outcomeOf(called("file_write", { path: "notes/a.md", content }, "wrote 900 bytes"))).toEqual({
    text: "→ notes/a.md",
    result: "→ notes/a.md",
    wrote: "notes/a.md",
  });
  expect(outcomeOf(called("file_read", { path: "a.md" }, content))?.text).toBe("← a.md");
});

test("a tool that failed shows why, a call of another device nothing", () => {
  const failed = { state: "failed" as const, error: "no such file" };
  expect(outcomeOf({ ...called("file_read", { path: "a.md" }, null), ...failed })?.text).toBe(
    "file_read: no such file",
  );
  expect(outcomeOf({ ...called("x", {}, ""), name: "llm.chat" })).toBeUndefined();
});

test("what a chat was given from memory is counted by the kernel's line on it", () => {
  const notes = [
    { id: "niort4jeyxzcf8o", score: 0.951 },
    { id: "nab.c0ffee", score: 0.5 },
  ];
  const line = (recalled: readonly object[]): string =>
    summarize("llm.chat", { messages: [{ role: "user", content: "hi" }], recalled: { notes: recalled } }, undefined);
  expect([notes, notes.slice(1), []].map((each) => recalledBy({ name: "llm.chat", detail: line(each) }))).toEqual([
    2, 1, 0,
  ]);
});
