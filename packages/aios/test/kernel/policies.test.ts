import { expect, test } from "vitest";
import { createScriptedCore } from "../scripted-core.ts";
import { openRig } from "../rig.ts";
import type { RigOptions } from "../rig.ts";

type PolicyName = "fifo" | "rr" | "priority";

/** One slot, 100 ms a call: who is served when shows the policy alone. */
async function oneSlot(policy: PolicyName, options: Partial<RigOptions> = {}) {
  let core: ReturnType<typeof createScriptedCore> | undefined;
  const rig = await openRig({
    ...options,
    scheduler: { policy, ...options.scheduler },
    cores: (clock) => [(core = createScriptedCore({ clock, limits: { concurrency: 1 } }))],
  });
  return { ...rig, order: () => core?.served.map(({ text }) => text) ?? [] };
}

test("fifo serves calls in the order in which they came, whoever made them", async () => {
  const { client, clock, order } = await oneSlot("fifo");
  const [a, b] = [client("a"), client("b")];
  await clock.run(Promise.all([a.chat("a1"), a.chat("a2"), b.chat("b1"), a.chat("a3"), b.chat("b2")]));
  expect(order()).toEqual(["a1", "a2", "b1", "a3", "b2"]);
});

test("under rr a process with many calls delays one with a single call by one call only", async () => {
  const { client, clock, order } = await oneSlot("rr");
  const [many, single] = [client("many"), client("single")];
  const all = [...[1, 2, 3, 4, 5].map((n) => many.chat(`m${n}`)), single.chat("s1")];
  await clock.run(Promise.all(all));
  expect(order()).toEqual(["m1", "s1", "m2", "m3", "m4", "m5"]);
});

test("priority serves the lower nice value first, and the interactive class before all", async () => {
  const { client, clock, order } = await oneSlot("priority", { scheduler: { ageMs: 60_000 } });
  const one = client("one");
  const calls = [
    one.chat("first"),
    one.chat("polite", { nice: 10 }),
    one.chat("normal"),
    one.chat("urgent", { nice: -10 }),
    one.chat("person", { class: "interactive" }),
  ];
  await clock.run(Promise.all(calls));
  expect(order()).toEqual(["first", "person", "urgent", "normal", "polite"]);
});

test("nobody starves under priority: a polite call is served although urgent ones never stop coming", async () => {
  const { client, clock, order } = await oneSlot("priority", { scheduler: { ageMs: 100 } });
  const one = client("one");
  const first = one.chat("first");
  const polite = one.chat("polite", { nice: 19 });
  const stream = async (name: string) => {
    for (let n = 0; n < 60; n++) await one.chat(`${name}${n}`, { nice: -20 });
  };
  const flood = Promise.all([stream("u"), stream("v"), stream("w")]);
  await clock.run(polite);
  // 39 levels × 100 ms of age = 3.9 s at 10 calls a second; those of the three that wait already go before it.
  expect(order().indexOf("polite")).toBeLessThanOrEqual(42);
  expect(order().indexOf("polite")).toBeGreaterThan(30);
  await clock.run(Promise.all([first, flood]));
});

test("a changed nice value counts for calls that wait already", async () => {
  const { client, clock, order, admin } = await oneSlot("priority", { scheduler: { ageMs: 60_000 } });
  const [a, b] = [client("a"), client("b")];
  const calls = Promise.all([a.chat("a1"), a.chat("a2"), b.chat("b1")]);
  await admin.proc.nice({ pid: b.pid, nice: -5 });
  await clock.run(calls);
  expect(order()).toEqual(["a1", "b1", "a2"]);
});

test("a call for auto stands in every core's queue and is served by whichever is free", async () => {
  const cores: ReturnType<typeof createScriptedCore>[] = [];
  const { client, clock } = await openRig({
    cores: (virtual) => {
      cores.push(
        createScriptedCore({ clock: virtual, name: "slow", serviceMs: 1_000 }),
        createScriptedCore({ clock: virtual, name: "quick", serviceMs: 100 }),
      );
      return cores;
    },
  });
  const one = client("one");
  const results = await clock.run(Promise.all(Array.from({ length: 8 }, (_, n) => one.chat(`q${n}`))));
  expect(cores.map((core) => core.served.length)).toEqual([1, 7]);
  expect(new Set(results.map(({ model }) => model))).toEqual(new Set(["slow/m", "quick/m"]));
});
