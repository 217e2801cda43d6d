import { createClient } from "@aiosjs/sdk";
import type { HistoricCall } from "@aiosjs/sdk";
import { expect, test } from "vitest";
import { openRig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

async function withCalls() {
  const rig = await openRig({
    cores: (clock) => [createScriptedCore({ clock, limits: { concurrency: 1 }, serviceMs: 100 })],
  });
  const [one, two, theirs] = [rig.client("one"), rig.client("two"), rig.client("three", "acme")];
  await rig.clock.run(Promise.all([one.chat("a"), two.chat("b"), theirs.chat("c")]));
  await rig.clock.run(one.chat("d"));
  await rig.clock.run(rig.clock.nowMs() + 100);
  return { ...rig, one, two, theirs };
}

test("model calls are told in the order of their ends: whose, where, how long they waited and were served", async () => {
  const { admin, one, two, theirs, clock } = await withCalls();
  await admin.proc.nice({ pid: two.pid, nice: 5 });
  const { calls, next } = await admin.llm.history();
  expect(next).toBeNull();
  expect(calls.map(({ pid, timing }) => [pid, timing.waitingMs])).toEqual([
    [one.pid, 0],
    [two.pid, 100],
    [theirs.pid, 200],
    [one.pid, 0],
  ]);
  expect(calls[1]).toMatchObject({ model: "up/m", nice: 5, class: "batch", tenant: "local", code: null });
  const [, , third] = calls as [HistoricCall, HistoricCall, HistoricCall];
  expect((await admin.llm.history({ since: third.timing.endedAt })).calls).toHaveLength(2);
  expect((await admin.llm.history({ until: third.timing.endedAt })).calls).toHaveLength(2);
  expect((await admin.llm.history({ since: clock.nowMs() + 1 })).calls).toEqual([]);
});

test("pages follow one another without a gap", async () => {
  const { admin } = await withCalls();
  const { calls } = await admin.llm.history();
  const paged: string[] = [];
  for (let after = 0; ;) {
    const page = await admin.llm.history({ after, limit: 1 });
    paged.push(...page.calls.map(({ call }) => call));
    if (page.next === null) break;
    after = page.next;
  }
  expect(paged).toEqual(calls.map(({ call }) => call));
});

test("a tenant is told of its own calls, a process of its own", async () => {
  const { kernel, theirs, one, root } = await withCalls();
  expect((await theirs.client.llm.history()).calls.map(({ pid }) => pid)).toEqual([theirs.pid]);
  const alone = createClient(kernel.transport({ ...root, pid: one.pid, scopes: ["llm.*"] }));
  expect((await alone.llm.history()).calls.map(({ pid }) => pid)).toEqual([one.pid, one.pid]);
});
