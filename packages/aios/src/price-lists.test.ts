import { expect, test } from "vitest";
import { priceListOf } from "./price-lists.ts";

test("published prices hold at the provider's own address alone", () => {
  expect(priceListOf("openai", undefined)).toBe("openai");
  expect(priceListOf("openai", "https://api.openai.com/v1")).toBe("openai");
  expect(priceListOf("openai", "http://127.0.0.1:8000/v1")).toBeUndefined();
  expect(priceListOf("openai", "https://api.openai.com.example.org/v1")).toBeUndefined();
  expect(priceListOf("vllm", undefined)).toBeUndefined();
});
