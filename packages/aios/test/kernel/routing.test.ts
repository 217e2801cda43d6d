import { SysError } from "@aiosjs/sdk";
import { expect, test } from "vitest";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { createEmbeddingCore } from "../embedding-core.ts";
import { openRig, testSettings } from "../rig.ts";
import { openRoutingRig as open } from "../routing-rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

const free = { input: 0, output: 0 };
const wide = { concurrency: 8 };

test("in turns, each core serves as many calls, and a full one blocks nobody", async () => {
  const { askAll, clock, ask, served } = await open([{ name: "a" }, { name: "b", limits: wide }]);
  expect(await askAll(["1", "2", "3", "4"])).toEqual(["a/m", "b/m", "a/m", "b/m"]);
  await clock.run(Promise.all(Array.from({ length: 6 }, (_, n) => ask(`q${n}`))));
  // a has one slot: what it could not take at once went to b, and nothing waited.
  expect([served("a"), served("b")]).toEqual([3, 7]);
});

test("by weight, shares hold as long as there is room, and weight 0 is never asked", async () => {
  const { askAll } = await open([{ name: "a" }, { name: "b" }, { name: "c" }], {
    strategy: "weighted",
    weights: { "a/m": 3, b: 1, c: 0 },
  });
  const models = await askAll(Array.from({ length: 200 }, (_, n) => `q${n}`));
  expect(models.filter((model) => model === "a/m").length).toBeGreaterThanOrEqual(148);
  expect(models.filter((model) => model === "a/m").length).toBeLessThanOrEqual(152);
  expect(models).not.toContain("c/m");
});

test("the least busy lane is the one with the fewest tokens in flight per slot", async () => {
  const rig = await open(
    [
      { name: "small", limits: { concurrency: 2 }, serviceMs: 1_000 },
      { name: "large", limits: wide, serviceMs: 1_000 },
    ],
    { strategy: "least-busy" },
  );
  await rig.clock.run(Promise.all(Array.from({ length: 10 }, (_, n) => rig.ask(`q${n}`))));
  expect([rig.served("small"), rig.served("large")]).toEqual([2, 8]);
});

test("by latency the fast lane is learned, and waiting for it is preferred to a slow one as long as that is sooner", async () => {
  const rig = await open(
    [
      { name: "slow", limits: wide, serviceMs: 10_000 },
      { name: "fast", limits: { concurrency: 2 }, serviceMs: 200 },
    ],
    { strategy: "latency" },
  );
  // Both are tried once.
  expect((await rig.askAll(["1", "2"])).toSorted()).toEqual(["fast/m", "slow/m"]);
  expect(await rig.askAll(["3", "4", "5"])).toEqual(["fast/m", "fast/m", "fast/m"]);
  const before = rig.served("slow");
  await rig.clock.run(Promise.all(Array.from({ length: 10 }, (_, n) => rig.ask(`q${n}`))));
  expect(rig.served("slow")).toBe(before);
});

test("an alias may name several models, and the strategy chooses among them", async () => {
  const { askAll } = await open(
    [
      { name: "a", models: ["x", "z"] },
      { name: "b", models: ["y"] },
    ],
    {},
    {
      aliases: { fast: ["a/z", "b/y", "gone/model"], "*": "auto" },
    },
  );
  expect(await askAll(["1", "2", "3"], "fast")).toEqual(["a/z", "b/y", "a/z"]);
});

test("a rule sends what is written in Chinese to its model, and the others take over when that fails", async () => {
  const { askAll } = await open(
    [{ name: "en" }, { name: "zh", script: ({ args }) => refuseIf(JSON.stringify(args).includes("坏")) }],
    { rules: [{ lang: "zh", model: "zh/m" }], strategy: "weighted", weights: { zh: 0 } },
  );
  expect(await askAll(["请用 Python 写一个 quicksort", "write it in Chinese: 你好", "坏了"])).toEqual([
    "zh/m",
    "en/m",
    "en/m",
  ]);
});

function refuseIf(isRefused: boolean): void {
  if (isRefused) throw new SysError("EIO", "core zh answered 401", { retryable: false });
}

test("the strategy changes at run time without losing a call that waits", async () => {
  const { ask, clock, refresh, served } = await open([{ name: "a" }, { name: "b" }]);
  const calls = Promise.all(Array.from({ length: 20 }, (_, n) => ask(`q${n}`)));
  await clock.run(clock.nowMs() + 150);
  await clock.run(refresh({}, { router: { ...testSettings.router, strategy: "weighted", weights: { a: 0 } } }));
  const answers = await clock.run(calls);
  expect(answers).toHaveLength(20);
  // Two ran and two had just been given their slots; all others went to the only lane with a weight.
  expect(served("a")).toBeLessThanOrEqual(2);
  expect(served("a") + served("b")).toBe(20);
});

test("cost-quality takes the cheapest that is declared good enough, and what nobody priced counts as the dearest", async () => {
  const rig = await open(
    [
      { name: "cheap", models: [{ id: "m", price: { input: 1, output: 1 }, quality: 0.4 }] },
      { name: "good", models: [{ id: "m", price: { input: 5, output: 5 }, quality: 0.8 }] },
      { name: "best", models: [{ id: "m", quality: 0.95 }] },
    ],
    { strategy: "cost-quality", alpha: 0.75 },
  );
  const models = await rig.askAll(Array.from({ length: 40 }, (_, n) => `q${n}`));
  const cheap = models.filter((model) => model === "cheap/m").length;
  const good = models.filter((model) => model === "good/m").length;
  expect((0.4 * cheap + 0.8 * good + 0.95 * (40 - cheap - good)) / 40).toBeGreaterThanOrEqual(0.75 - 0.01);
  expect(good).toBeGreaterThan(30);
});

test("cost-quality learns from ratings which requests the cheap model answers well, and keeps it over a restart", async () => {
  const journal = createMemoryJournal();
  const specs = [
    { name: "cheap", models: [{ id: "m", price: { input: 1, output: 1 }, quality: 0.6 }] },
    { name: "good", models: [{ id: "m", price: { input: 10, output: 10 }, quality: 0.9 }] },
  ];
  const router = { strategy: "cost-quality", alpha: 0.88 } as const;
  const rig = await open(specs, router, { journal });
  const topics = ["translate this sentence into French", "prove the theorem about prime numbers"];
  for (let n = 0; n < 80; n++) {
    const isProof = n % 2 === 1;
    const asked = rig.askCall(`${topics[n % 2]} number ${n}`, n % 4 < 2 ? "cheap/m" : "good/m");
    const { call, result } = await rig.clock.run(asked);
    const score = isProof && result.model === "cheap/m" ? 0 : 1;
    await rig.clock.run(Promise.resolve(rig.admin.llm.rate({ call, score })));
  }
  const tell = async ({ askAll }: typeof rig) => {
    const texts = Array.from({ length: 40 }, (_, n) => `${topics[n % 2]} please, ${n}`);
    const models = await askAll(texts);
    return {
      french: models.filter((model, n) => n % 2 === 0 && model === "cheap/m").length,
      proofs: models.filter((model, n) => n % 2 === 1 && model === "good/m").length,
    };
  };
  const before = await tell(rig);
  expect(before.french).toBeGreaterThanOrEqual(16);
  expect(before.proofs).toBeGreaterThanOrEqual(16);
  await rig.clock.run(Promise.resolve(rig.kernel[Symbol.asyncDispose]()));
  const after = await tell(await open(specs, router, { journal, clock: rig.clock, seed: 2 }));
  expect(after.french).toBeGreaterThanOrEqual(16);
  expect(after.proofs).toBeGreaterThanOrEqual(16);
});

test("a rating is the own tenant's word alone", async () => {
  const rig = await open([{ name: "a", price: free }], { strategy: "cost-quality" });
  const theirs = rig.client("other", "guest").client;
  const { call } = await rig.clock.run(rig.askCall("q", "auto", theirs));
  const rate = (client: typeof theirs) => rig.clock.run(Promise.resolve(client.llm.rate({ call, score: 0 })));
  await expect(rate(rig.client("third", "stranger").client)).rejects.toMatchObject({ code: "ENOENT" });
  await expect(rate(theirs)).resolves.toEqual({ model: "a/m" });
});

test("llm.route says what would be done, and changes nothing by saying it", async () => {
  const rig = await open(
    [
      { name: "a", models: [{ id: "m", contextTokens: 50 }] },
      { name: "b", models: [{ id: "m", contextTokens: 5_000 }] },
      { name: "c" },
    ],
    { fallbacks: { "b/m": ["c/m", "gone/m"] } },
  );
  const route = (text: string, model = "auto") =>
    rig.clock.run(Promise.resolve(rig.admin.llm.route({ model, messages: [{ role: "user", content: text }] })));
  for (let n = 0; n < 3; n++)
    expect((await route("short")).stages[0]?.lanes.map(({ lane }) => lane)).toEqual(["a/m", "b/m", "c/m"]);
  const long = await route("x".repeat(2_000), "b/m");
  expect(long.strategy).toBeUndefined();
  expect(long.stages.map(({ because, lanes }) => [because, lanes.map(({ model }) => model)])).toEqual([
    ["asked", ["b/m"]],
    ["fallback", ["c/m"]],
  ]);
  expect(long.leftOut).toEqual([{ name: "gone/m", why: "unknown" }]);
  expect((await route("x".repeat(2_000))).leftOut).toContainEqual({ name: "a/m", why: "context" });
});

test("vectors are one model's: a list does not make embeddings alternate, whatever the strategy", async () => {
  const models = [{ id: "e", serves: ["llm.embed" as const] }];
  const { client, clock } = await openRig({
    cores: (virtual) => ["v", "w"].map((name) => createEmbeddingCore({ clock: virtual, name, models })),
    settings: { aliases: { vectors: ["w/e", "v/e"] } },
  });
  const embed = async (model: string) => client("one").client.llm.embed({ model, input: ["a"] });
  for (let n = 0; n < 3; n++) {
    expect((await clock.run(embed("vectors"))).model).toBe("w/e");
    expect((await clock.run(embed("auto"))).model).toBe("v/e");
  }
});

test("llm.usage adds up the journal by model, process, tenant and day, of what the caller may see", async () => {
  const { client, clock, admin, ask } = await open([{ name: "a", price: { input: 1, output: 1 } }, { name: "b" }], {
    strategy: "weighted",
    weights: { b: 0 },
  });
  for (let n = 0; n < 2; n++) await clock.run(ask(`q${n}`));
  await clock.run(clock.nowMs() + 86_400_000);
  const sinceMs = clock.nowMs();
  await clock.run(client("theirs", "guest").chat("q"));
  const usage = async (args: { by?: "model" | "process" | "tenant" | "day"; since?: number }, who = admin) =>
    clock.run(Promise.resolve(who.llm.usage(args)));
  const all = await usage({});
  expect(all.rows).toMatchObject([{ key: "a/m", done: 3, failed: 0, refused: 0, isSimulated: false }]);
  expect(all.total.usage).toMatchObject({ inputTokens: 3, outputTokens: 30, costUsd: 33e-6 });
  expect((await usage({ by: "tenant" })).rows.map(({ key, done }) => [key, done])).toEqual([
    ["local", 2],
    ["guest", 1],
  ]);
  expect((await usage({ by: "day" })).rows.map(({ key, done }) => [key, done])).toEqual([
    ["2023-11-14", 2],
    ["2023-11-15", 1],
  ]);
  expect((await usage({ since: sinceMs })).total.done).toBe(1);
  expect((await usage({ by: "process" })).rows.map(({ name, done }) => [name, done])).toContainEqual(["theirs", 1]);
  const guest = client("again", "guest").client;
  expect((await usage({ by: "tenant" }, guest)).rows.map(({ key }) => key)).toEqual(["guest"]);
});

test("a published price and context stand where nobody told another, and the configuration goes before them", async () => {
  const published = { price: { input: 3, output: 4, asOf: "2026-01-02" }, contextTokens: 50 };
  const told = { input: 1, output: 1 };
  const { admin, clock } = await openRig({
    prices: {
      asOf: "2026-01-02",
      source: "test",
      find: (list, model) => (list === "up" && model === "m" ? published : undefined),
    },
    cores: (virtual) => [
      Object.assign(createScriptedCore({ clock: virtual, name: "a" }), { priceList: "up" }),
      Object.assign(createScriptedCore({ clock: virtual, name: "b", price: told }), { priceList: "up" }),
      createScriptedCore({ clock: virtual, name: "c" }),
    ],
  });
  const { models } = await clock.run(Promise.resolve(admin.llm.models()));
  expect(models.map(({ price }) => price)).toEqual([published.price, told, undefined]);
  expect(models.map(({ contextTokens }) => contextTokens)).toEqual([50, 50, undefined]);
  const limits = [{ resource: "costUsd" as const, limit: 1 }];
  await clock.run(Promise.resolve(admin.budget.set({ scope: "tenant:local", limits })));
  const ask = async (model: string) => admin.llm.chat({ model, messages: [{ role: "user", content: "q" }] });
  await expect(clock.run(ask("a/m"))).resolves.toMatchObject({ model: "a/m" });
  await expect(clock.run(ask("c/m"))).rejects.toMatchObject({ code: "EINVAL" });
});
