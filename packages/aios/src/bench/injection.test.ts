import { expect, test } from "vitest";
import { environments } from "./injection/environments.ts";
import { pairsOf, plainCase } from "./injection/pairs.ts";
import { tallyOf } from "./injection/tally.ts";
import { injection } from "./injection.ts";

test("an agent that obeys all it reads does no harm behind the gate, and its user's tasks are done", async () => {
  const { figures, tables = [], notes } = await injection({ isQuick: true });
  expect(notes.filter((note) => note.includes("not measured"))).toEqual([]);
  const value = (name: string): number => figures.find((one) => one.name === name)?.value ?? Number.NaN;
  // The control: without a gate the same attacks succeed.
  expect(value("without a gate: attacks that succeed")).toBe(100);
  expect(value("without a gate: adaptive attacks that succeed")).toBe(100);
  expect(value("oracle: benign utility")).toBe(100);
  expect(figures.filter(({ holds }) => holds === false)).toEqual([]);
  expect(tables.flatMap(({ rows }) => rows).length).toBeGreaterThan(30);
}, 120_000);

test("the same seed has the same outcome", async () => {
  const cases = pairsOf(environments)
    .filter((_, index) => index % 101 === 0)
    .map(plainCase);
  const outcome = () => tallyOf(cases, { policy: "contacts and lists", approver: "oracle", seed: 3 });
  expect(await outcome()).toEqual(await outcome());
}, 60_000);
