import { expect, test } from "vitest";
import { embed } from "./embedding.ts";
import { OutcomeLog } from "./outcome-log.ts";
import type { CallOutcome } from "./outcome-log.ts";

const outcome = (call: string, others: Partial<CallOutcome> = {}): CallOutcome => ({
  call,
  tenant: "local",
  model: "a/m",
  query: embed("translate this"),
  seen: 1,
  rated: undefined,
  outputTokens: 20,
  ...others,
});
const who = { tenant: "local", model: "a/m", declared: 0.5 };

test("without outcomes the declared quality stands; ratings weigh more than that nothing was visibly wrong", () => {
  const seen = new OutcomeLog();
  const rated = new OutcomeLog();
  expect(seen.forecast(embed("translate this"), who)).toEqual({ quality: 0.5, outputTokens: undefined, neighbours: 0 });
  for (let n = 0; n < 8; n++) {
    seen.keep(outcome(`c${n}`));
    rated.keep(outcome(`c${n}`, { rated: 1 }));
  }
  const query = embed("translate this");
  expect(seen.forecast(query, who).quality).toBeCloseTo((4 * 0.5 + 8 * 0.25) / (4 + 8 * 0.25), 1);
  expect(rated.forecast(query, who).quality).toBeCloseTo((4 * 0.5 + 8) / 12, 1);
  expect(rated.forecast(query, who).outputTokens).toBeCloseTo(20);
});

test("another tenant's ratings do not count, what was seen does", () => {
  const log = new OutcomeLog();
  for (let n = 0; n < 16; n++) log.keep(outcome(`c${n}`, { tenant: "other", rated: 0 }));
  expect(log.forecast(embed("translate this"), who).quality).toBeGreaterThan(0.5);
  expect(log.forecast(embed("translate this"), { ...who, tenant: "other" }).quality).toBeLessThan(0.2);
});

test("it is bounded: the oldest makes room, also after a restart in the middle of the ring", () => {
  const meta = new Map<string, string>([
    ["state", "running"],
    ["outcome.x", "{"],
    ["outcome.7", "no json"],
  ]);
  const log = new OutcomeLog();
  const note = ({ key, value }: { key: string; value: string }): void => void meta.set(key, value);
  for (let n = 0; n < 2_500; n++) note(log.keep(outcome(`c${n}`)));
  // Rated again: it stays where it is.
  note(log.keep(outcome("c600", { rated: 0.5 })));
  expect(log.size).toBe(2_000);
  expect(meta.size).toBe(2_002);
  const restored = new OutcomeLog();
  restored.restore(meta);
  expect(restored.size).toBe(2_000);
  expect(restored.find("c600")).toEqual(outcome("c600", { rated: 0.5 }));
  restored.keep(outcome("c2500"));
  expect([restored.find("c499"), restored.find("c500"), restored.find("c501")?.call]).toEqual([
    undefined,
    undefined,
    "c501",
  ]);
});
