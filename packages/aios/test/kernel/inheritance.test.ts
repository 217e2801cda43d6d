import { noUsage } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import { expect, test } from "vitest";
import type { Toolbox } from "../../src/kernel/ports.ts";
import { createScriptedCore } from "../scripted-core.ts";
import { openPreemptionRig } from "../preemption-rig.ts";
import { openRig } from "../rig.ts";
import type { RigOptions } from "../rig.ts";

async function open(options: Partial<RigOptions> = {}) {
  let made: ReturnType<typeof createScriptedCore> | undefined;
  const rig = await openRig({
    scheduler: { policy: "priority" },
    ...options,
    cores: (clock) => [(made = createScriptedCore({ clock, limits: { concurrency: 1 } }))],
  });
  const served = () => (made as ReturnType<typeof createScriptedCore>).served.map(({ text }) => text);
  return { ...rig, served };
}

/** Waits until told otherwise; a wait that is broken off is no failure here. */
function waitFor(waiting: Client, pid: string, quality: object = {}) {
  const abort = new AbortController();
  const options = { ...quality, signal: abort.signal };
  const ended = waiting.proc
    .wait({ pid }, options)
    .outcome()
    .then(
      () => undefined,
      () => undefined,
    );
  return { stop: () => abort.abort(), ended };
}

test("who is waited for interactively goes before other batch work, and no longer when nobody waits", async () => {
  const { client, clock, served } = await open();
  const [boss, worker, other] = [client("boss"), client("worker"), client("other")];
  const calls = [other.chat("o1"), other.chat("o2"), worker.chat("w1"), worker.chat("w2"), other.chat("o3")];
  await clock.run(clock.nowMs() + 10);
  const wait = waitFor(boss.client, worker.pid, { class: "interactive" });
  calls.push(worker.chat("w3"));
  await clock.run(calls[2] as Promise<unknown>);
  wait.stop();
  await clock.run(wait.ended);
  await clock.run(Promise.all(calls));
  // w2 was dispatched the moment w1 ended, before the wait was broken off.
  expect(served()).toEqual(["o1", "w1", "w2", "o2", "o3", "w3"]);
});

test("a nice value is lent through a chain of waits, which may be a circle", async () => {
  const { client, clock, served } = await open();
  const [boss, middle, worker, other] = [client("boss"), client("middle"), client("worker"), client("other")];
  const calls = [other.chat("o1"), other.chat("o2"), other.chat("o3", { nice: -5 }), worker.chat("w1")];
  await clock.run(clock.nowMs() + 10);
  const waits = [
    waitFor(middle.client, worker.pid),
    waitFor(worker.client, middle.pid),
    waitFor(boss.client, middle.pid, { nice: -10 }),
  ];
  await clock.run(Promise.all(calls));
  expect(served()).toEqual(["o1", "w1", "o3", "o2"]);
  for (const wait of waits) wait.stop();
  await clock.run(Promise.all(waits.map(({ ended }) => ended)));
});

test("the tenant's own process lends only what the wait itself says", async () => {
  const { client, clock, served, admin } = await open();
  const [worker, other] = [client("worker"), client("other")];
  const calls = [other.chat("o1"), other.chat("o2"), worker.chat("w1", { nice: 10 }), other.chat("o3", { nice: 5 })];
  await clock.run(clock.nowMs() + 10);
  const idle = waitFor(admin, worker.pid);
  await clock.run(calls[1] as Promise<unknown>);
  const urgent = waitFor(admin, worker.pid, { class: "interactive" });
  await clock.run(Promise.all(calls));
  expect(served()).toEqual(["o1", "o2", "o3", "w1"]);
  for (const wait of [idle, urgent]) wait.stop();
  await clock.run(Promise.all([idle.ended, urgent.ended]));
});

test("a call on behalf of another is as urgent as that one", async () => {
  const asking: Toolbox = {
    tools: () => [{ name: "ask", description: "", parameters: { type: "object" }, effect: "pure" as const }],
    name: "asking",
    device: "tool",
    concurrency: 4,
    async *execute(_name, _args, context) {
      await context.syscall("llm.chat", { messages: [{ role: "user", content: "nested" }] });
      yield [{ type: "result", result: { content: "" }, usage: noUsage }];
    },
  };
  const { client, clock, served } = await open({ drivers: () => [asking] });
  const [one, other] = [client("one"), client("other")];
  const calls: PromiseLike<unknown>[] = [other.chat("o1"), other.chat("o2"), other.chat("o3")];
  await clock.run(clock.nowMs() + 10);
  calls.push(one.client.tool.call({ name: "ask", arguments: {} }, { class: "interactive" }).outcome());
  await clock.run(Promise.all(calls));
  expect(served()).toEqual(["o1", "nested", "o2", "o3"]);
});

test("a running call to which urgency is lent does not make way, and a waiting one gets a slot", async () => {
  const { chat, client, clock, core } = await openPreemptionRig({}, { scheduler: { policy: "priority" } });
  const boss = client("boss");
  const running = chat("a", "Tell a story.");
  await clock.run(clock.nowMs() + 100);
  const waiting = chat("b", "Tell another.");
  const wait = waitFor(boss.client, client("b").pid, { class: "interactive" });
  await clock.run(clock.nowMs() + 100);
  expect(core().snapshots).toBe(1);
  // The one that now runs is as urgent as any person's call.
  const person = chat("c", "Quick?", { class: "interactive" });
  const ended = await clock.run(Promise.all([waiting.ended, person.ended, running.ended]));
  expect(ended.map(({ events }) => events.filter(({ type }) => type === "syscall.preempted").length)).toEqual([
    0, 0, 1,
  ]);
  wait.stop();
  await clock.run(wait.ended);
});
