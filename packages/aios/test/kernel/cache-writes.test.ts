// Prompts that a core writes to its cache cost more than others do, with some cores.
import { expect, test } from "vitest";
import type { VirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { createScriptedCore } from "../scripted-core.ts";
import { openRig } from "../rig.ts";

const price = { input: 4, cachedInput: 1, cacheWrite: 5, cacheWriteHour: 8, output: 20 };
const usage = {
  inputTokens: 1_000_000,
  cachedInputTokens: 100_000,
  cacheWriteInputTokens: 600_000,
  cacheWriteHourInputTokens: 200_000,
};
const cores = (clock: VirtualClock) => [createScriptedCore({ clock, price, usage })];

test("what is read from a cache, written to it for short, for an hour, and neither, each has its price", async () => {
  const { client, clock, admin } = await openRig({ cores });
  const one = client("one");
  await clock.run(one.chat("hello"));
  const { usage: used } = await admin.proc.show({ pid: one.pid });
  // 0.1 M × 1 + 0.4 M × 5 + 0.2 M × 8 + 0.3 M × 4 + 10 × 20
  expect(used.costUsd).toBeCloseTo(0.1 + 2 + 1.6 + 1.2 + 0.0002, 10);
});

test("without prices of their own they cost what other input does", async () => {
  const plain = { input: 4, output: 20 };
  const { client, clock, admin } = await openRig({
    cores: (virtual) => [createScriptedCore({ clock: virtual, price: plain, usage })],
  });
  const one = client("one");
  await clock.run(one.chat("hello"));
  const { usage: used } = await admin.proc.show({ pid: one.pid });
  expect(used.costUsd).toBeCloseTo(4.0002, 10);
});

test("the written tokens are on record: summed, and there after a crash", async () => {
  const journal = createMemoryJournal();
  const before = await openRig({ journal, cores });
  const one = before.client("one");
  await before.clock.run(one.chat("hello"));
  await before.clock.run(one.chat("again"));
  const twice = { cacheWriteInputTokens: 1_200_000, cacheWriteHourInputTokens: 400_000 };
  expect((await before.admin.llm.usage({ by: "model", since: 0 })).total.usage).toMatchObject(twice);
  expect(before.kernel.metrics().lanes[0]?.usage).toMatchObject(twice);
  await before.events();
  // The first kernel is left as a crash leaves it.
  const after = await openRig({ journal, cores });
  expect((await after.admin.proc.show({ pid: one.pid })).usage).toMatchObject(twice);
  expect((await after.admin.llm.usage({ by: "model", since: 0 })).total.usage).toMatchObject(twice);
});

test("a budget in dollars holds although the whole prompt may be written to the cache", async () => {
  const seen: (number | undefined)[] = [];
  const { client, clock, admin } = await openRig({
    cores: (virtual) => [
      createScriptedCore({ clock: virtual, price, script: ({ args }) => void seen.push(args.maxTokens) }),
    ],
  });
  const markOf = (ttl: string) => ({
    dialect: "anthropic",
    members: { cache_control: { type: "ephemeral", ttl } },
    hints: ["cache_control"],
  });
  const askFor = async (ttl: string) => {
    const one = client(ttl);
    await admin.proc.limits({ pid: one.pid, limits: [{ resource: "costUsd", limit: 1 }] });
    const content = [{ type: "text" as const, text: "x".repeat(400_000), foreign: markOf(ttl) }];
    const asked = async () => one.client.llm.chat({ messages: [{ role: "user", content }] });
    await clock.run(asked());
  };
  await askFor("5m");
  await askFor("1h");
  const [short, long] = seen as [number, number];
  // About 100,000 tokens: half a dollar at 5 $/M leaves 25,000 tokens of answer, 0.8 at 8 $/M leaves 10,000.
  expect(short).toBeGreaterThan(24_500);
  expect(short).toBeLessThan(25_100);
  expect(long).toBeGreaterThan(9_500);
  expect(long).toBeLessThan(10_100);
});
