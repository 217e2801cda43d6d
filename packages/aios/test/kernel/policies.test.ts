import { expect, test } from "vitest";
import { createScriptedCore } from "../scripted-core.ts";
import { openRig } from "../rig.ts";
import type { RigOptions } from "../rig.ts";

/** One slot, 100 ms a call: who is served when shows the policy alone. */
async function oneSlot(policy: string, options: Partial<RigOptions> = {}) {
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

test("edf serves the nearest deadline first, and calls without one in order of arrival", async () => {
  const { client, clock, order } = await oneSlot("edf");
  const one = client("one");
  const calls = [
    one.chat("first"),
    one.chat("whenever"),
    one.chat("later", { deadlineMs: 5_000 }),
    one.chat("soon", { deadlineMs: 2_000 }),
    one.chat("also whenever"),
  ];
  await clock.run(Promise.all(calls));
  expect(order()).toEqual(["first", "soon", "later", "whenever", "also whenever"]);
});

const many = (chat: (text: string) => Promise<unknown>, prefix: string, count: number) =>
  Array.from({ length: count }, (_, n) => chat(`${prefix}${n}`));

test("under plas-vtc a tenant with many calls and one with few are served in turns", async () => {
  const { client, clock, order } = await oneSlot("plas-vtc");
  const [noisy, light] = [client("n", "noisy"), client("l", "light")];
  await clock.run(Promise.all([...many(noisy.chat, "n", 6), ...many(light.chat, "l", 2)]));
  expect(order()).toEqual(["n0", "l0", "n1", "l1", "n2", "n3", "n4", "n5"]);
});

test("a tenant of weight 3 is served three times as much as one of weight 1", async () => {
  const { client, clock, order } = await oneSlot("plas-vtc", { scheduler: { weights: { heavy: 3 } } });
  const [heavy, plain] = [client("h", "heavy"), client("p", "plain")];
  await clock.run(Promise.all([...many(plain.chat, "p", 20), ...many(heavy.chat, "h", 20)]));
  const first = order().slice(0, 20);
  expect(first.filter((text) => text.startsWith("h"))).toHaveLength(15);
});

test("a tenant that comes back after a pause has saved nothing up", async () => {
  const { client, clock, order } = await oneSlot("plas-vtc");
  const [busy, late] = [client("b", "busy"), client("l", "late")];
  const all = Promise.all(many(busy.chat, "b", 40));
  await clock.run(clock.nowMs() + 2_050);
  const more = Promise.all(many(late.chat, "l", 10));
  await clock.run(Promise.all([all, more]));
  const after = order().slice(order().indexOf("l0"));
  expect(after.slice(0, 8).filter((text) => text.startsWith("l"))).toHaveLength(4);
});

test("under plas-vtc a program that has received little goes before one that has received much", async () => {
  const { client, clock, order } = await oneSlot("plas-vtc");
  const long = client("long");
  for (let n = 0; n < 20; n++) await clock.run(long.chat(`before${n}`));
  const short = client("short", "local", "another-key");
  await clock.run(Promise.all([long.chat("x"), long.chat("long"), short.chat("s0"), short.chat("s1")]));
  expect(order().slice(20)).toEqual(["x", "s0", "s1", "long"]);
});

test("a new session begins at its key's mean, so that a fresh id buys no priority", async () => {
  const { client, clock, order } = await oneSlot("plas-vtc");
  const long = client("long");
  for (let n = 0; n < 20; n++) await clock.run(long.chat(`before${n}`));
  const fresh = client("fresh");
  await clock.run(Promise.all([long.chat("x"), long.chat("long"), fresh.chat("f0"), fresh.chat("f1")]));
  expect(order().slice(20)).toEqual(["x", "long", "f0", "f1"]);
});

test("every fourth call of a tenant is the oldest, also of a program that has received much", async () => {
  const { client, clock, order } = await oneSlot("plas-vtc");
  const long = client("long");
  for (let n = 0; n < 20; n++) await clock.run(long.chat(`before${n}`));
  const newcomer = (n: number) => client(`s${n}`, "local", `k${n}`).chat(`s${n}`);
  const calls: Promise<unknown>[] = [newcomer(0), newcomer(1), newcomer(2), long.chat("long")];
  // As many come as go: by levels alone the long one would wait until they stop.
  for (let n = 3; n < 50; n++) {
    await clock.run(clock.nowMs() + 100);
    calls.push(newcomer(n));
  }
  await clock.run(Promise.all(calls));
  const served = order().indexOf("long") - 20;
  expect(served).toBeGreaterThanOrEqual(3);
  expect(served).toBeLessThan(8);
});

test.each([
  ["fifo", "plas-vtc"],
  ["plas-vtc", "edf"],
  ["rr", "priority"],
])("switching from %s to %s while calls wait loses none and answers none twice", async (from, to) => {
  const { client, clock, order, refresh } = await oneSlot(from);
  const tenants = ["a", "b", "c"].map((name) => client(name, name));
  const calls = Promise.all(tenants.flatMap((one, index) => many(one.chat, `t${index}-`, 15)));
  for (let turn = 0; turn < 8; turn++) {
    await clock.run(clock.nowMs() + 450);
    await clock.run(refresh({ policy: turn % 2 === 0 ? to : from }));
  }
  await clock.run(calls);
  expect(order()).toHaveLength(45);
  expect(new Set(order()).size).toBe(45);
});

test("a policy that nobody knows is refused, and the calls that wait go on", async () => {
  const { client, clock, order, refresh } = await oneSlot("fifo");
  const calls = Promise.all(many(client("a").chat, "a", 3));
  await expect(clock.run(refresh({ policy: "lottery" }))).rejects.toThrow('no scheduling policy "lottery"');
  await clock.run(calls);
  expect(order()).toEqual(["a0", "a1", "a2"]);
});
