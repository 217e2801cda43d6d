import { SysError } from "@aiosjs/sdk";
import { expect, test } from "vitest";
import type { RateLimits } from "../../src/kernel/ports.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { createScriptedCore } from "../scripted-core.ts";
import type { ScriptedCoreOptions } from "../scripted-core.ts";
import { openRig } from "../rig.ts";

/** A server that refuses what its token bucket does not hold. */
function limitedUpstream(perSecond: number, burst: number) {
  let level = burst;
  let atMs: number | undefined;
  let refused = 0;
  return {
    refused: () => refused,
    admit(nowMs: number): { remaining: number } {
      level = Math.min(burst, level + ((nowMs - (atMs ?? nowMs)) * perSecond) / 1_000);
      atMs = nowMs;
      if (level < 1) {
        refused++;
        throw new SysError("EAGAIN", "429", { retryAfterMs: 1_000 });
      }
      level--;
      return { remaining: Math.floor(level) };
    },
  };
}

async function open(core: Omit<ScriptedCoreOptions, "clock"> & { limits?: RateLimits }, scheduler = {}) {
  let made: ReturnType<typeof createScriptedCore> | undefined;
  const rig = await openRig({ scheduler, cores: (clock) => [(made = createScriptedCore({ clock, ...core }))] });
  return { ...rig, core: made as ReturnType<typeof createScriptedCore> };
}

test("with a configured limit the upstream never refuses, and the limit is used to 97 %", async () => {
  const upstream = limitedUpstream(5, 5);
  const { client, clock, core } = await open({
    limits: { requestsPerMinute: 300, burst: 5, concurrency: 64 },
    serviceMs: 300,
    script: () => void upstream.admit(clock.nowMs()),
  });
  const calls = Array.from({ length: 300 }, (_, n) => client(`c${n % 12}`).chat(`q${n}`));
  await clock.run(Promise.all(calls));
  expect(upstream.refused()).toBe(0);
  const [first, last] = [core.served[0]?.atMs ?? 0, core.served.at(-1)?.atMs ?? 0];
  expect(300 / ((last - first) / 1_000)).toBeGreaterThan(5 * 0.97);
});

test("without a configured limit it is learned from the headers of the first answer, without a refusal", async () => {
  const upstream = limitedUpstream(5, 5);
  const { client, clock, core, events } = await open({
    limits: {},
    serviceMs: 300,
    script: () => {
      const { remaining } = upstream.admit(clock.nowMs());
      return [{ bucket: "requests", perMinute: 300, remaining, resetMs: (5 - remaining) * 200 }];
    },
  });
  const calls = Array.from({ length: 200 }, (_, n) => client(`c${n % 12}`).chat(`q${n}`));
  await clock.run(Promise.all(calls));
  expect(upstream.refused()).toBe(0);
  const span = ((core.served.at(-1)?.atMs ?? 0) - (core.served[0]?.atMs ?? 0)) / 1_000;
  expect(200 / span).toBeGreaterThan(5 * 0.97);
  expect((await events()).filter(({ topic }) => topic === "lane.learned")).toHaveLength(1);
});

test("a refused call waits in the kernel's queue, keeps its place, and nothing is lost", async () => {
  const { client, clock, core, events } = await open({
    limits: { concurrency: 4 },
    script: ({ number }) => {
      if (number === 2) throw new SysError("EAGAIN", "429", { retryAfterMs: 5_000 });
    },
  });
  const one = client("one");
  const results = await clock.run(Promise.all(["a", "b", "c", "d", "e"].map((text) => one.chat(text))));
  expect(results.map(({ message }) => message.content)).toEqual(["done a", "done b", "done c", "done d", "done e"]);
  // b was refused at once; it goes first when the pause is over.
  expect(core.served.map(({ text }) => text)).toEqual(["a", "b", "c", "d", "b", "e"]);
  expect((await events()).filter(({ topic }) => topic === "lane.refused")).toHaveLength(1);
});

test("an interactive call finds a token and goes at once, although batch calls have emptied the bucket for themselves", async () => {
  const { client, clock, core } = await open({
    limits: { requestsPerMinute: 60, burst: 5, concurrency: 64 },
    serviceMs: 10,
  });
  const batch = client("batch");
  const flood = Promise.all(Array.from({ length: 20 }, (_, n) => batch.chat(`b${n}`)));
  await clock.run(clock.nowMs() + 5_000);
  const askedAtMs = clock.nowMs();
  await clock.run(client("person").chat("urgent", { class: "interactive" }));
  expect((core.served.find(({ text }) => text === "urgent")?.atMs ?? Infinity) - askedAtMs).toBe(0);
  await clock.run(flood);
});

test("a broken upstream is tried again a few times, then the call fails; after three faults the lane rests", async () => {
  const { client, clock, core, events } = await open({
    limits: { concurrency: 1 },
    script: () => {
      throw new SysError("EIO", "core up answered 500");
    },
  });
  await expect(clock.run(client("one").chat("q"))).rejects.toMatchObject({
    code: "EIO",
    message: "core up answered 500",
  });
  expect(core.served).toHaveLength(4);
  expect((await events()).map(({ topic }) => topic)).toContain("lane.cooled");
  expect(core.running).toBe(0);
});

test("what has produced output is not repeated", async () => {
  const rig = await openRig({
    cores: () => [
      {
        name: "up",
        device: "llm",
        endpoint: 0,
        kind: "scripted",
        isSimulated: false,
        isOpenEnded: false,
        honoursMaxTokens: true,
        serves: ["llm.chat"],
        dialects: [],
        resume: "none",
        limits: { concurrency: 1 },
        models: () => [{ id: "m" }],
        async *execute() {
          yield [{ type: "text.delta", text: "half" }];
          throw new SysError("EIO", "the upstream broke off");
        },
      },
    ],
  });
  const events = [];
  for await (const event of rig.client("one").client.llm.chat({ messages: [{ role: "user", content: "q" }] }))
    events.push(event);
  expect(events.map(({ type }) => type)).toEqual(["syscall.queued", "syscall.started", "text.delta", "syscall.failed"]);
});

test("full run queues refuse with EAGAIN and say when to come again", async () => {
  const { client, clock } = await open({ limits: { concurrency: 1 } }, { tenantQueueLimit: 2 });
  const one = client("one");
  const calls = [one.chat("running"), one.chat("w1"), one.chat("w2")];
  await new Promise((resolve) => setImmediate(resolve));
  await expect(one.chat("too many")).rejects.toMatchObject({ code: "EAGAIN", retryAfterMs: 1_000 });
  // Another tenant is not touched by it.
  const other = client("other", "acme").chat("mine");
  await clock.run(Promise.all([...calls, other]));
});

test("a call that has not ended by its deadline fails with ETIMEDOUT, waiting or running", async () => {
  const { client, clock, core } = await open({ limits: { concurrency: 1 }, serviceMs: 1_000 });
  const one = client("one");
  const running = one.chat("running", { deadlineMs: 500 });
  const waiting = one.chat("waiting", { deadlineMs: 200 });
  const [first, second] = await clock.run(Promise.allSettled([running, waiting]));
  expect(first).toMatchObject({ status: "rejected", reason: { code: "ETIMEDOUT" } });
  expect(second).toMatchObject({ status: "rejected", reason: { code: "ETIMEDOUT" } });
  expect(core.served.map(({ text }) => text)).toEqual(["running"]);
  expect(core.running).toBe(0);
});

test("a limit learned from a server that counts a 60 s window is kept as well", async () => {
  const admitted: number[] = [];
  let refused = 0;
  const { client, clock } = await open({
    limits: {},
    serviceMs: 300,
    script: () => {
      const nowMs = clock.nowMs();
      const inWindow = admitted.filter((atMs) => nowMs - atMs < 60_000);
      if (inWindow.length >= 300) {
        refused++;
        throw new SysError("EAGAIN", "429", { retryAfterMs: 1_000 });
      }
      admitted.push(nowMs);
      const resetMs = 60_000 - (nowMs - (inWindow[0] ?? nowMs));
      return [{ bucket: "requests", perMinute: 300, remaining: 299 - inWindow.length, resetMs }];
    },
  });
  const calls = Array.from({ length: 900 }, (_, n) => client(`c${n % 12}`).chat(`q${n}`));
  await clock.run(Promise.all(calls));
  expect(refused).toBe(0);
});

test("after a crash the buckets start empty, after a stop with what they held, in a new home full", async () => {
  const journal = createMemoryJournal();
  const limits = { requestsPerMinute: 60, burst: 5, concurrency: 8 };
  const open = () => openRig({ journal, cores: (clock) => [createScriptedCore({ clock, limits, serviceMs: 1 })] });
  const waitedMs = async ({ client, clock }: Awaited<ReturnType<typeof open>>): Promise<number> => {
    const { timing } = await clock.run(
      client("one")
        .client.llm.chat({ messages: [{ role: "user", content: "q" }] }, { class: "interactive" })
        .outcome(),
    );
    return timing.waitingMs;
  };
  const first = await open();
  expect(await waitedMs(first)).toBe(0);
  await first.clock.run(first.clock.nowMs() + 1_000);
  // Left as a crash leaves it. A request a second, paced at 98.5 %: the first one waits for a whole token.
  const second = await open();
  expect(await waitedMs(second)).toBe(1_016);
  const stopped = Promise.resolve(second.kernel[Symbol.asyncDispose]());
  await second.clock.run(stopped);
  const third = await open();
  // The clock of this rig begins where the second one did, so nothing was refilled: the token that was used is missing.
  expect(await waitedMs(third)).toBeGreaterThan(900);
});
