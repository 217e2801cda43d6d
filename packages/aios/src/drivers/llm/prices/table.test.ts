import { expect, test } from "vitest";
import { priceList } from "./list.ts";
import { priceTable } from "./table.ts";

test("a model is found by its name, by a snapshot of it, and as its provider writes it", () => {
  const mini = priceTable.find("openai", "gpt-4o-mini");
  expect(mini).toMatchObject({ price: { input: 0.15, output: 0.6, cachedInput: 0.075, asOf: "2026-09-23" } });
  expect(priceTable.find("openai", "gpt-4o-mini-2024-07-18")).toBe(mini);
  expect(priceTable.find("anthropic", "claude-haiku-4-5-20251001")?.price.output).toBe(5);
  expect(priceTable.find("google", "models/gemini-2.5-pro")?.price.input).toBe(1.25);
});

test("a snapshot with a price of its own keeps it", () => {
  expect(priceTable.find("openai", "gpt-4o-2024-05-13")?.price.input).toBe(5);
  expect(priceTable.find("openai", "gpt-4o-2024-08-06")?.price.input).toBe(2.5);
});

test("what is written to Anthropic's cache has prices of its own: a quarter more, or twice as much for an hour", () => {
  const price = priceTable.find("anthropic", "claude-sonnet-4-5")?.price;
  expect(price).toMatchObject({ input: 3, cachedInput: 0.3, cacheWrite: 3.75, cacheWriteHour: 6, output: 15 });
  expect(priceTable.find("openai", "gpt-4o")?.price).not.toHaveProperty("cacheWrite");
});

test("what nobody published has no price: not a near name's, and not another provider's", () => {
  expect(priceTable.find("openai", "gpt-4o-mini-mine")).toBeUndefined();
  expect(priceTable.find("vllm", "gpt-4o-mini")).toBeUndefined();
  expect(priceTable.find("anthropic", "gpt-4o-mini")).toBeUndefined();
});

test("every row says a price that can be one, and no name stands twice", () => {
  for (const rows of Object.values(priceList)) {
    const names = rows.flatMap(([all]) => all.split(" "));
    expect(new Set(names).size).toBe(names.length);
    for (const [name, input, cachedInput, output, context, cacheWrite, cacheWriteHour] of rows) {
      expect(name).not.toBe("");
      expect(input).toBeGreaterThan(0);
      expect(output).toBeGreaterThanOrEqual(0);
      expect(cachedInput ?? 0).toBeLessThan(input);
      expect(cacheWrite ?? input).toBeGreaterThan(0);
      expect(cacheWriteHour ?? Number.POSITIVE_INFINITY).toBeGreaterThan(cacheWrite ?? input);
      expect(context ?? 8_192).toBeGreaterThan(1_000);
    }
  }
});
