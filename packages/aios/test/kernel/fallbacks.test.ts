import { SysError } from "@aiosjs/sdk";
import type { SysEvent } from "@aiosjs/sdk";
import type { AssistantMessage } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createSeededRandom } from "../../src/drivers/random/seeded.ts";
import { openRoutingRig as open } from "../routing-rig.ts";

const broken =
  (code: ConstructorParameters<typeof SysError>[0], message = "broken", retryable?: boolean) =>
  () => {
    throw new SysError(code, message, retryable === undefined ? {} : { retryable });
  };
const told = (events: readonly SysEvent[]) =>
  events.flatMap((event) =>
    event.type === "syscall.started"
      ? [event.device]
      : event.type === "syscall.requeued"
        ? [`requeued ${event.code}`]
        : event.type === "syscall.failed"
          ? [`failed ${event.error.code}`]
          : event.type === "syscall.completed"
            ? ["completed"]
            : [],
  );

test.each([
  ["ENODEV", undefined],
  ["EIO", false],
  ["ENOENT", undefined],
  ["EDQUOT", undefined],
] as const)("a model that answers %s is followed by its fallback, and the caller is told", async (code, retryable) => {
  const { eventsOf } = await open([{ name: "a", script: broken(code, "broken", retryable) }, { name: "b" }], {
    fallbacks: { "a/m": ["b/m"] },
  });
  const events = told(await eventsOf({ model: "a/m" }));
  // What may pass is tried again, until after three faults the lane rests; what cannot pass is not.
  const attempts = code === "ENODEV" ? 3 : 1;
  const expected = Array.from({ length: attempts }, () => ["a/m", `requeued ${code}`]).flat();
  expect(events).toEqual([...expected, "b/m", "completed"]);
});

test("fallbacks follow one after the other, and the last error is the caller's when all have failed", async () => {
  const { eventsOf } = await open(
    [
      { name: "a", script: broken("EIO", "a is down", false) },
      { name: "b", script: broken("ENOENT", "no such model") },
      { name: "c", script: broken("EIO", "c is down", false) },
    ],
    { fallbacks: { "a/m": ["b/m", "c/m"] } },
  );
  const events = await eventsOf({ model: "a/m" });
  expect(told(events)).toEqual(["a/m", "requeued EIO", "b/m", "requeued ENOENT", "c/m", "failed EIO"]);
  expect(events.at(-1)).toMatchObject({ error: { detail: "c is down" } });
});

test("what is wrong with the request itself is nobody else's to mend", async () => {
  const { eventsOf } = await open([{ name: "a", script: broken("EINVAL", "unknown member foo") }, { name: "b" }], {
    fallbacks: { "a/m": ["b/m"] },
  });
  expect(told(await eventsOf({ model: "a/m" }))).toEqual(["a/m", "failed EINVAL"]);
});

test("an upstream that refuses again and again is left after as many refusals as attempts are allowed", async () => {
  const { eventsOf } = await open([{ name: "a", script: broken("EAGAIN", "429") }, { name: "b" }], {
    fallbacks: { "a/m": ["b/m"] },
  });
  const events = told(await eventsOf({ model: "a/m" }));
  expect(events.filter((event) => event === "a/m")).toHaveLength(4);
  expect(events.slice(-2)).toEqual(["b/m", "completed"]);
});

test("a call for auto leaves a broken lane at once and without a pause", async () => {
  const { eventsOf, clock } = await open([{ name: "a", script: broken("EIO") }, { name: "b" }]);
  const startMs = clock.nowMs();
  expect(told(await eventsOf({}))).toEqual(["a/m", "requeued EIO", "b/m", "completed"]);
  expect(clock.nowMs() - startMs).toBe(100);
});

test("calls that wait for a lane which begins to rest move to the fallback, and new ones begin there", async () => {
  let isDown = true;
  const { ask, clock, served, eventsOf, events } = await open(
    [
      {
        name: "a",
        serviceMs: 50,
        script: () => {
          if (isDown) throw new SysError("EIO", "500");
        },
      },
      { name: "b", limits: { concurrency: 8 } },
    ],
    { fallbacks: { "a/m": ["b/m"] } },
  );
  await clock.run(Promise.all(Array.from({ length: 8 }, (_, n) => ask(`q${n}`, "a/m"))));
  // Three faults in a row, and the lane rests: nobody waits for it.
  expect(served("a")).toBe(3);
  expect(served("b")).toBe(8);
  expect((await events()).filter(({ topic }) => topic === "lane.cooled")).toHaveLength(1);
  isDown = false;
  await clock.run(clock.nowMs() + 120_000);
  expect(told(await eventsOf({ model: "a/m" }))).toEqual(["a/m", "completed"]);
});

test("a lane that is told to pause for long is passed over where another can serve, and asked again when it is over", async () => {
  const { askAll, clock } = await open([
    {
      name: "a",
      script: ({ number }) => {
        if (number === 1) throw new SysError("EAGAIN", "429", { retryAfterMs: 60_000 });
      },
    },
    { name: "b" },
  ]);
  expect(await askAll(["1", "2", "3"])).toEqual(["b/m", "b/m", "b/m"]);
  await clock.run(clock.nowMs() + 61_000);
  expect(new Set(await askAll(["4", "5"]))).toEqual(new Set(["a/m", "b/m"]));
});

test("a prompt that is too long for one model goes to where it fits, by estimate and by the upstream's own word", async () => {
  const { askAll, eventsOf } = await open(
    [
      { name: "small", models: [{ id: "m", contextTokens: 100 }] },
      { name: "large", models: [{ id: "m", contextTokens: 100_000 }] },
      {
        name: "coy",
        models: [{ id: "m", contextTokens: 100 }],
        script: broken("EINVAL", "This model's maximum context length is 100 tokens"),
      },
    ],
    { fallbacks: { "small/m": ["large/m"], "coy/m": ["small/m", "large/m"] } },
  );
  expect(await askAll(["x".repeat(800)], "small/m")).toEqual(["large/m"]);
  expect(await askAll(["x".repeat(800), "x".repeat(800)])).toEqual(["large/m", "large/m"]);
  // 90 tokens by estimate: the upstream counts more. A model of the same size is not tried.
  expect(told(await eventsOf({ model: "coy/m", text: "x".repeat(330) }))).toEqual([
    "coy/m",
    "requeued EINVAL",
    "large/m",
    "completed",
  ]);
});

test("a prompt that fits nowhere is refused with the limits by name, before it is sent when the estimate leaves no doubt", async () => {
  const { ask, clock, served } = await open([
    { name: "a", models: [{ id: "m", contextTokens: 100 }], script: broken("EINVAL", "prompt is too long") },
    {
      name: "b",
      models: [{ id: "m", contextTokens: 200 }],
      script: broken("EINVAL", "too many tokens: context window"),
    },
  ]);
  await expect(clock.run(ask("x".repeat(4_000)))).rejects.toMatchObject({
    code: "E2BIG",
    message: expect.stringMatching(/about 10\d\d tokens.*b\/m is 200/),
  });
  expect(served("a") + served("b")).toBe(0);
  await expect(clock.run(ask("x".repeat(1_000)))).rejects.toMatchObject({
    code: "E2BIG",
    message: "too many tokens: context window",
    hint: expect.stringMatching(/b\/m has a context of 200 tokens/),
  });
});

test("a model without a price does not cost a call under a dollar budget its other models", async () => {
  const { client, clock, admin, events } = await open([{ name: "a" }, { name: "b", price: { input: 1, output: 1 } }]);
  const one = client("one");
  await clock.run(
    Promise.resolve(admin.budget.set({ scope: "tenant:local", limits: [{ resource: "costUsd", limit: 5 }] })),
  );
  for (let n = 0; n < 2; n++) expect((await clock.run(one.chat(`q${n}`))).model).toBe("b/m");
  const alone = one.client.llm.chat({ model: "a/m", messages: [{ role: "user", content: "q" }] });
  await expect(clock.run(Promise.resolve(alone))).rejects.toMatchObject({ code: "EINVAL" });
  expect((await events()).some(({ topic }) => topic === "syscall.failed")).toBe(true);
});

test.each(["sequential", "weighted", "least-busy", "latency", "cost-quality", "cascade"] as const)(
  "under faults of every kind each call ends exactly once by %s, and slots, tokens and reservations return",
  async (strategy) => {
    const random = createSeededRandom(7);
    const faults = ["EAGAIN", "EIO", "ENODEV", "ENOENT"] as const;
    const script = (): void => {
      const fault = random.next() < 0.2 ? faults[Math.floor(random.next() * faults.length)] : undefined;
      if (fault) throw new SysError(fault, "a fault", fault === "EAGAIN" ? { retryAfterMs: 8_000 } : {});
    };
    const answer = (): AssistantMessage => ({ role: "assistant", content: random.next() < 0.2 ? "" : "fine" });
    const { client, clock, admin, events } = await open(
      ["a", "b", "c"].map((name, index) => ({ name, script, answer, price: { input: index, output: index + 1 } })),
      { strategy, fallbacks: { "a/m": ["c/m"], "b/m": ["a/m"] } },
    );
    const limits = [{ resource: "tokens" as const, limit: 1_000_000 }];
    await clock.run(Promise.resolve(admin.budget.set({ scope: "tenant:local", limits })));
    const models = ["auto", "a/m", "b/m"];
    const one = client("one").client;
    const ask = async (model: string | undefined, text: string) =>
      one.llm.chat({ model: model ?? "auto", messages: [{ role: "user", content: text }], maxTokens: 50 });
    const calls = Array.from({ length: 300 }, (_, n) => ask(models[n % 3], `q${n}`));
    const ends = await clock.run(Promise.allSettled(calls));
    const done = ends.filter(({ status }) => status === "fulfilled").length;
    expect(done).toBeGreaterThan(280);
    const told = (await events()).filter(({ topic }) => topic === "syscall.completed" || topic === "syscall.failed");
    const chats = told.filter(({ body }) => (body as { name: string }).name === "llm.chat");
    expect(chats).toHaveLength(300);
    expect(new Set(chats.map(({ body }) => (body as { call: string }).call)).size).toBe(300);
    const { lanes } = await clock.run(Promise.resolve(admin.llm.lanes()));
    expect(lanes.map(({ running, queued }) => [running, queued])).toEqual(lanes.map(() => [0, 0]));
    const { accounts } = await clock.run(Promise.resolve(admin.budget.show()));
    expect(accounts.map(({ reserved }) => reserved)).toEqual([0]);
    const { total } = await clock.run(Promise.resolve(admin.llm.usage({})));
    expect(accounts[0]?.used).toBe(total.usage.inputTokens + total.usage.outputTokens);
  },
);
