import type { ArgsOf } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createSimCore } from "../../src/drivers/llm/sim/core.ts";
import { createEmbeddingCore, vectorOf } from "../embedding-core.ts";
import type { Client } from "@aiosjs/sdk";
import { openRig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

/** A promise of its own: the client's calls start when they are awaited. */
const embed = async (client: Client, args: ArgsOf<"llm.embed">) => client.llm.embed(args);

const price = { input: 2, output: 0 };

const open = (models: Parameters<typeof createEmbeddingCore>[0]["models"] = [{ id: "e", serves: ["llm.embed"] }]) =>
  openRig({ cores: (clock) => [createScriptedCore({ clock }), createEmbeddingCore({ clock, models })] });

test("auto finds the model that embeds, and a chat for auto never goes there", async () => {
  const { client, clock } = await open();
  const one = client("one");
  const { embeddings, model } = await clock.run(embed(one.client, { input: ["a", "bc", [1, 2, 3]] }));
  expect(model).toBe("vec/e");
  expect(embeddings).toEqual([vectorOf("a"), vectorOf("bc"), vectorOf([1, 2, 3])]);
  for (const text of ["1", "2", "3"]) expect((await clock.run(one.chat(text))).model).toBe("up/m");
});

test("a model that is asked for what it does not serve refuses it, and says what would", async () => {
  const { client, clock } = await open();
  const { client: one } = client("one");
  const chat = async () => one.llm.chat({ model: "vec/e", messages: [{ role: "user", content: "hi" }] });
  await expect(clock.run(chat())).rejects.toMatchObject({ code: "EINVAL", message: "vec/e does not serve llm.chat" });
  await expect(clock.run(embed(one, { model: "m", input: ["a"] }))).rejects.toMatchObject({ code: "EINVAL" });
});

test("simulated vectors are never given for auto where a real core is, even if that one cannot embed", async () => {
  const { client, clock } = await openRig({
    cores: (virtual) => [createScriptedCore({ clock: virtual }), createSimCore({ clock: virtual })],
  });
  const { client: one } = client("one");
  await expect(clock.run(embed(one, { input: ["a"] }))).rejects.toMatchObject({ code: "ENODEV" });
  const named = await clock.run(embed(one, { model: "sim", input: ["a"] }));
  expect(named.isSimulated).toBe(true);
});

test("input is paid at the model's price, nothing else is", async () => {
  const { client, clock, admin } = await open([{ id: "e", serves: ["llm.embed"], price }]);
  const one = client("one");
  await clock.run(embed(one.client, { input: ["x".repeat(400), [1, 2]] }));
  const { usage } = await admin.proc.show({ pid: one.pid });
  expect(usage).toMatchObject({ inputTokens: 102, outputTokens: 0, wastedTokens: 0 });
  expect(usage.costUsd).toBeCloseTo((102 * 2) / 1e6, 12);
});

test("a token budget refuses what it does not buy before anything is sent", async () => {
  const { client, clock, admin } = await open();
  const one = client("one");
  await admin.proc.limits({ pid: one.pid, limits: [{ resource: "tokens", limit: 100 }] });
  await expect(clock.run(embed(one.client, { input: ["x".repeat(404)] }))).rejects.toMatchObject({ code: "EDQUOT" });
  // 50 tokens each: two fit exactly, although a chat would need room for an answer.
  await clock.run(embed(one.client, { input: ["x".repeat(200)] }));
  await clock.run(embed(one.client, { input: ["y".repeat(200)] }));
  await expect(embed(one.client, { input: ["z"] })).rejects.toMatchObject({ code: "EDQUOT" });
});

test("a budget in dollars on an embedding model without a price is refused", async () => {
  const { client, clock, admin } = await open();
  const one = client("one");
  await admin.proc.limits({ pid: one.pid, limits: [{ resource: "costUsd", limit: 1 }] });
  await expect(clock.run(embed(one.client, { input: ["a"] }))).rejects.toMatchObject({
    code: "EINVAL",
    message: expect.stringContaining("no price"),
  });
});

test("an upstream that tells no usage is paid by estimate: its input, and no output", async () => {
  const { client, clock, admin } = await openRig({
    cores: (virtual) => [createEmbeddingCore({ clock: virtual, tellsUsage: false })],
  });
  const one = client("one");
  await clock.run(embed(one.client, { input: ["x".repeat(400)] }));
  const { usage } = await admin.proc.show({ pid: one.pid });
  expect(usage).toMatchObject({ inputTokens: 100, outputTokens: 0, wastedTokens: 0 });
});

test("the simulation's vectors are the same for the same text, and nearer for texts with words in common", async () => {
  const { client, clock } = await openRig({ cores: (virtual) => [createSimCore({ clock: virtual })] });
  const { client: one } = client("one");
  const { embeddings } = await clock.run(
    embed(one, { input: ["the red car", "the red bicycle", "quarterly tax report", "the red car"], dimensions: 64 }),
  );
  const [car = [], bicycle = [], tax = [], again = []] = embeddings;
  const cosine = (left: number[], right: number[]) => left.reduce((sum, value, i) => sum + value * (right[i] ?? 0), 0);
  expect(car).toHaveLength(64);
  expect(again).toEqual(car);
  expect(cosine(car, car)).toBeCloseTo(1, 9);
  expect(cosine(car, bicycle)).toBeGreaterThan(cosine(car, tax));
});
