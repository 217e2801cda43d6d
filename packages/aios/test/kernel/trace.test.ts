import { expect, test } from "vitest";
import { openRig } from "../rig.ts";
import type { RigOptions } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { alpha, callRow, ofCall, ofProcess, problem, processRow } from "../journal-rows.ts";

const open = (options: Partial<RigOptions> = {}) =>
  openRig({ cores: (clock) => [createScriptedCore({ clock, limits: { concurrency: 2 } })], ...options });

/** A home whose journal has these calls of one process. */
async function withCalls(rows: readonly ReturnType<typeof callRow>[], more: Partial<RigOptions> = {}) {
  const journal = createMemoryJournal({ nowMs: () => 1_000 });
  const owner = processRow("p1", { kind: "client", state: "suspended", tenant: alpha, startedAtMs: 1 });
  await journal.commit([ofProcess(owner), ...rows.map(ofCall)]);
  return open({ journal, ...more });
}

test("a trace is filtered before it is cut: the few that are wanted are found among many", async () => {
  const rows = Array.from({ length: 1_700 }, (_, index) =>
    callRow("p1", index + 1, {
      name: index % 100 === 0 ? "tool.call" : "llm.chat",
      ...(index % 300 === 0 ? { state: "failed" as const, error: problem, result: null } : {}),
      timing: {
        queuedAt: 10_000 + index,
        startedAt: 10_000 + index,
        endedAt: 10_000 + 2 * index,
        waitingMs: 0,
        turnaroundMs: index,
      },
    }),
  );
  const { admin } = await withCalls(rows);
  const seqs = async (args: object) =>
    (await admin.proc.trace({ pid: "p1", limit: 50, ...args })).calls.map(({ seq }) => seq);
  expect(await seqs({ names: ["tool.*"] })).toHaveLength(17);
  expect(await seqs({ states: ["failed"] })).toEqual([1, 301, 601, 901, 1_201, 1_501]);
  expect(await seqs({ names: ["tool.*"], states: ["failed"], minMs: 800 })).toEqual([901, 1_201, 1_501]);
  expect(await seqs({ since: 11_600, until: 11_603 })).toEqual([1_601, 1_602, 1_603]);
  expect(await seqs({ names: ["fs.*"] })).toEqual([]);
});

test("pages of a filtered trace follow one another without a gap", async () => {
  const rows = Array.from({ length: 900 }, (_, index) =>
    callRow("p1", index + 1, { name: index % 3 === 0 ? "tool.call" : "llm.chat" }),
  );
  const { admin } = await withCalls(rows);
  const found: number[] = [];
  let next: Record<string, number> | null = {};
  while (next !== null) {
    const page: Awaited<ReturnType<typeof admin.proc.trace>> = await admin.proc.trace({
      pid: "p1",
      names: ["tool.*"],
      limit: 70,
      after: next,
    });
    found.push(...page.calls.map(({ seq }) => seq));
    ({ next } = page);
  }
  expect(found).toEqual(rows.filter(({ name }) => name === "tool.call").map(({ seq }) => seq));
});

test("the calls of a tree come in order of time, page by page", async () => {
  const journal = createMemoryJournal({ nowMs: () => 1_000 });
  const at = (pid: string, seq: number, ms: number) =>
    ofCall(
      callRow(pid, seq, { timing: { queuedAt: ms, startedAt: ms, endedAt: ms + 1, waitingMs: 0, turnaroundMs: 1 } }),
    );
  const of = (pid: string, parent: string | null) =>
    ofProcess(
      processRow(pid, { kind: "client", state: "suspended", parent: parent as never, startedAtMs: pid.length }),
    );
  const records = [of("r", null), of("ch", "r"), of("gra", "ch"), of("else", null)];
  for (let index = 1; index <= 120; index++)
    records.push(
      at("r", index, index * 10),
      at("ch", index, index * 10 + 3),
      at("gra", index, index * 7),
      at("else", index, index),
    );
  await journal.commit(records);
  const { admin } = await open({ journal });
  const times: number[] = [];
  const pids = new Set<string>();
  let next: Record<string, number> | null = {};
  while (next !== null) {
    const page: Awaited<ReturnType<typeof admin.proc.trace>> = await admin.proc.trace({
      pid: "r",
      tree: true,
      limit: 37,
      after: next,
    });
    for (const { pid, timing } of page.calls) {
      times.push(timing.queuedAt);
      pids.add(pid);
    }
    ({ next } = page);
  }
  expect(times).toHaveLength(360);
  expect(times).toEqual(times.toSorted((left, right) => left - right));
  expect([...pids].toSorted()).toEqual(["ch", "gra", "r"]);
});

test("who follows is told of each call when it ends, filtered, and of the end once all of them have", async () => {
  const { admin, client, clock } = await open();
  const one = client("one");
  const { cursor } = await admin.proc.trace({ pid: one.pid });
  const told: string[] = [];
  const follow = async () => {
    for (let from = cursor; ;) {
      const {
        calls,
        cursor: to,
        hasEnded,
      } = await admin.proc.trace({ pid: one.pid, endedAfter: from, names: ["llm.*"] });
      told.push(...calls.map(({ detail, state, code }) => `${detail} ${state} ${code ?? ""}`.trim()));
      if (hasEnded) return;
      from = to;
    }
  };
  const followed = follow();
  await clock.run(Promise.all([one.chat("a"), one.chat("b")]));
  expect(told).toHaveLength(2);
  await one.client.llm.models();
  const last = expect(one.chat("cut off")).rejects.toMatchObject({ code: "ECANCELED" });
  await clock.run(clock.nowMs() + 10);
  await admin.proc.signal({ pid: one.pid, signal: "kill" });
  await last;
  await clock.run(followed);
  expect(told).toEqual([
    'llm.chat("a") = "done a" done',
    'llm.chat("b") = "done b" done',
    'llm.chat("cut off") failed ECANCELED',
  ]);
});

test("who follows a process that has ended long ago is told all of it at once", async () => {
  const { admin, client, clock } = await open();
  const one = client("one");
  await clock.run(one.chat("a"));
  await admin.proc.signal({ pid: one.pid, signal: "kill" });
  await clock.run(clock.nowMs() + 100);
  expect(await admin.proc.trace({ pid: one.pid, endedAfter: 0 })).toMatchObject({
    hasEnded: true,
    calls: [{ seq: 1, state: "done" }],
  });
});

test("a cancelled follower leaves nothing behind that waits", async () => {
  const { admin, client, kernel } = await open();
  const one = client("one");
  const leave = new AbortController();
  const call = admin.proc.trace({ pid: one.pid, endedAfter: 0 }, { signal: leave.signal });
  const ended = expect(call).rejects.toMatchObject({ code: "ECANCELED" });
  leave.abort();
  await ended;
  expect(kernel.isReady).toBe(true);
});

test("a trace tells the first output, the place in the program and the start, and hashes of what was asked and came", async () => {
  const { admin, client, clock } = await open();
  const one = client("one");
  const ask = () => one.client.llm.chat({ messages: [{ role: "user", content: "hi" }], callSite: "here" });
  await clock.run(Promise.all([ask(), ask()]));
  await clock.run(one.chat("other"));
  const { calls } = await admin.proc.trace({ pid: one.pid, digests: true });
  const [first, second, third] = calls;
  expect(first).toMatchObject({ callSite: "here", incarnation: 1, replayKey: null });
  expect(first?.firstOutputAt).toBe(first?.timing.endedAt);
  expect(first?.requestHash).toMatch(/^[0-9a-f]{64}$/);
  expect(second).toMatchObject({ requestHash: first?.requestHash, resultHash: first?.resultHash });
  expect(third?.requestHash).not.toBe(first?.requestHash);
  expect(third?.resultHash).not.toBe(first?.resultHash);
});

test("what happened to a process is told from its start, then as it happens, until it has ended", async () => {
  const { admin, client, clock } = await open();
  const one = client("one");
  await clock.run(clock.nowMs() + 100);
  const begun = await admin.proc.history({ pid: one.pid });
  expect(begun.events.map(({ topic }) => topic)).toEqual(["process.spawned"]);
  const news = admin.proc.history({ pid: one.pid, after: begun.cursor, wait: true }).outcome();
  await admin.proc.signal({ pid: one.pid, signal: "suspend" });
  const { result } = await clock.run(news);
  expect(result.events.map(({ topic }) => topic)).toContain("process.signalled");
  await admin.proc.signal({ pid: one.pid, signal: "kill" });
  await clock.run(clock.nowMs() + 100);
  const rest = await admin.proc.history({ pid: one.pid, after: result.cursor, wait: true });
  expect(rest.events.at(-1)).toMatchObject({ topic: "process.exited", body: { signal: "SIGKILL" } });
  expect(await admin.proc.history({ pid: one.pid, after: rest.cursor, wait: true })).toMatchObject({
    events: [],
    hasEnded: true,
  });
});
