import { expect, test } from "vitest";
import type { VirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { createScriptedCore } from "../scripted-core.ts";
import { openRig } from "../rig.ts";

const price = { input: 1, output: 10 };

async function open(options: { price?: typeof price; honoursMaxTokens?: boolean; minOutputTokens?: number } = {}) {
  const seen: (number | undefined)[] = [];
  const { minOutputTokens = 256, ...core } = options;
  const rig = await openRig({
    settings: { minOutputTokens, idleReapMs: 86_400_000 },
    cores: (clock) => [
      createScriptedCore({
        clock,
        ...core,
        limits: { concurrency: 8 },
        script: ({ args }) => void seen.push(args.maxTokens),
      }),
    ],
  });
  return { ...rig, seen };
}

test("a token budget is hard: the answer's bound is lowered to what is left, and what is spent stays below the limit", async () => {
  const { client, clock, admin, seen } = await open();
  const one = client("one");
  await admin.proc.limits({ pid: one.pid, limits: [{ resource: "tokens", limit: 300 }] });
  const result = await clock.run(one.chat("hello"));
  expect(seen).toEqual([296]); // 300 less 13 bytes of prompt and role, at 4 bytes a token
  expect(result.isClamped).toBe(true);
  await expect(clock.run(one.chat("again"))).resolves.toBeDefined();
  const view = await admin.proc.show({ pid: one.pid });
  expect(view.usage.inputTokens + view.usage.outputTokens).toBeLessThanOrEqual(300);
});

test("when less than a useful answer is left the call is refused with EDQUOT, and it says whose budget it was", async () => {
  const { client, clock, admin } = await open();
  const one = client("one");
  await admin.proc.limits({ pid: one.pid, limits: [{ resource: "tokens", limit: 100 }] });
  await expect(clock.run(one.chat("hello"))).rejects.toMatchObject({
    code: "EDQUOT",
    retryable: false,
    message: expect.stringContaining(`process:${one.pid}`),
  });
});

test("calls that run at the same time cannot spend the same tokens twice", async () => {
  const { client, clock, admin } = await open({ minOutputTokens: 50 });
  const one = client("one");
  await admin.proc.limits({ pid: one.pid, limits: [{ resource: "tokens", limit: 120 }] });
  const results = await clock.run(Promise.allSettled(["a", "b", "c"].map((text) => one.chat(text))));
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
});

test("a tenant's budget binds all its processes, and no other tenant", async () => {
  const { client, clock, admin } = await open();
  await admin.budget.set({ scope: "tenant:acme", limits: [{ resource: "calls", limit: 2 }] });
  const [a, b] = [client("a", "acme"), client("b", "acme")];
  await clock.run(Promise.all([a.chat("1"), b.chat("2")]));
  await expect(a.chat("3")).rejects.toMatchObject({ code: "EDQUOT" });
  await clock.run(client("c", "other").chat("mine"));
});

test("a budget in dollars buys tokens at the model's price", async () => {
  const { client, clock, admin, seen } = await open({ price });
  const one = client("one");
  await admin.proc.limits({ pid: one.pid, limits: [{ resource: "costUsd", limit: 0.005 }] });
  await clock.run(one.chat("hello"));
  // (0.005 USD − 4 prompt tokens × 1 USD/M) ÷ 10 USD/M
  expect(seen).toEqual([499]);
});

test("a budget in dollars on a model without a price is refused instead of ignored", async () => {
  const { client, clock, admin } = await open();
  const one = client("one");
  await admin.proc.limits({ pid: one.pid, limits: [{ resource: "costUsd", limit: 1 }] });
  await expect(clock.run(one.chat("hello"))).rejects.toMatchObject({
    code: "EINVAL",
    message: expect.stringContaining("no price"),
  });
});

test("a budget on a core that ignores the bound is refused", async () => {
  const { client, clock, admin } = await open({ honoursMaxTokens: false });
  const one = client("one");
  await admin.proc.limits({ pid: one.pid, limits: [{ resource: "tokens", limit: 10_000 }] });
  await expect(clock.run(one.chat("hello"))).rejects.toMatchObject({ code: "EINVAL" });
});

test("an hourly budget is whole again when the hour is over", async () => {
  const { client, clock, admin } = await open();
  const one = client("one");
  await admin.proc.limits({ pid: one.pid, limits: [{ resource: "calls", window: "hour", limit: 1 }] });
  await clock.run(one.chat("1"));
  await expect(one.chat("2")).rejects.toMatchObject({ code: "EDQUOT" });
  await clock.run(clock.nowMs() + 3_600_000);
  await clock.run(one.chat("3"));
});

test("a cancelled call is charged for what it had read", async () => {
  const { client, clock, admin } = await open();
  const one = client("one");
  const abort = new AbortController();
  const call = one.chat("hello", { signal: abort.signal });
  await clock.run(clock.nowMs() + 50);
  abort.abort();
  await expect(call).rejects.toMatchObject({ code: "ECANCELED" });
  const { usage } = await admin.proc.show({ pid: one.pid });
  expect(usage.inputTokens).toBeGreaterThan(0);
  expect(usage.wastedTokens).toBe(usage.inputTokens + usage.outputTokens);
});

test("no budget grows by a crash: a call without a result is charged in full by the next kernel", async () => {
  const journal = createMemoryJournal();
  const cores = (virtual: VirtualClock) => [
    createScriptedCore({ clock: virtual, serviceMs: 60_000, limits: { concurrency: 8 } }),
  ];
  const before = await openRig({ journal, cores });
  await before.admin.budget.set({ scope: "tenant:acme", limits: [{ resource: "tokens", limit: 1_000 }] });
  const lost = before.client("one", "acme").chat("under way when the kernel dies");
  lost.catch(() => undefined);
  await before.clock.run(before.clock.nowMs() + 1_000);
  // The first kernel is left as a crash leaves it: nothing more reaches the journal.
  const after = await openRig({ journal, cores });
  const { accounts } = await after.admin.budget.show();
  expect(accounts).toMatchObject([{ scope: "tenant:acme", limit: 1_000, used: 1_000 }]);
  await expect(after.client("two", "acme").chat("more")).rejects.toMatchObject({ code: "EDQUOT" });
});
