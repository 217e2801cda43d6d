import { expect, test } from "vitest";
import { measureContextSwitch } from "./context-switch.ts";

test("the figure is of states that were really saved and loaded", async () => {
  const figure = await measureContextSwitch({ model: {}, weights: 118_000, contextTokens: 256, rounds: 3 });
  expect(figure).toMatchObject({ contextTokens: 256, threads: 1 });
  // Two layers, keys and values of 64 halves for each token.
  expect(figure.stateBytes).toBeGreaterThanOrEqual(256 * 2 * 2 * 64 * 2);
  for (const ms of [figure.saveMs, figure.loadMs, figure.prefillMs]) expect(ms).toBeGreaterThan(0);
  expect(figure.ratio).toBeCloseTo(figure.prefillMs / (figure.saveMs + figure.loadMs));
});
