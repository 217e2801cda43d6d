// The durable kernel in a world that fails at every await: kernels killed and paused past their lease, power failures that lose,
// tear and reorder unsynced writes, full and failing disks, clocks that jump. AIOS_SIM_SEEDS says how many worlds, AIOS_SIM_SEED
// which one alone.
import { describe, expect, test } from "vitest";
import { surviveSeed } from "./durable.ts";

const SEEDS = Number(process.env["AIOS_SIM_SEEDS"] ?? 2_000);
const ONLY = process.env["AIOS_SIM_SEED"];
const seeds = ONLY === undefined ? Array.from({ length: SEEDS }, (_, index) => index + 1) : [Number(ONLY)];
const BATCH = 100;

const replayOf = (seed: number): string =>
  `replay it: AIOS_SIM_SEED=${seed} npm test -- packages/aios/test/simulation/durable.test.ts`;

async function check(seed: number): Promise<Readonly<Record<string, number>>> {
  const { exits, calls, acknowledged, world, faults } = await surviveSeed(seed);
  const said = (what: string): string => `seed ${seed}: ${what}; ${replayOf(seed)}`;
  // Every program came to its end, with what the world knows.
  for (const [name, exit] of exits) expect(exit.code, said(`${name} ended: ${exit.reason}`)).toBe(0);
  for (const name of ["payer-1", "payer-2"])
    expect(exits.get(name)?.result, said(name)).toEqual([0, 1, 2, 3].map((step) => `receipt ${name}.${step}`));
  expect(exits.get("receiver-1")?.result, said("messages")).toEqual({ heard: [0, 1, 2, 3, 4], code: 0 });
  // What must not happen twice did not.
  expect(
    [...world.paid].filter(([, times]) => times !== 1),
    said("paid twice"),
  ).toEqual([]);
  // A program that was started again says what it said before.
  expect(
    [...world.notes].filter(([, said]) => said.size > 1),
    said("another answer after a restart"),
  ).toEqual([]);
  const winners = [0, 1, 2, 3].map((heat) => [...(world.notes.get(`racer-1.${heat}`) ?? [])][0]);
  expect(exits.get("racer-1")?.result, said("winners")).toEqual(winners);
  // What somebody was told is on record, and nothing is there twice.
  const rows = new Map(calls.map((row) => [row.call, row]));
  for (const [call, result] of acknowledged) {
    expect(rows.get(call)?.state, said(`lost ${call}`)).toBe("done");
    expect(rows.get(call)?.result, said(call)).toEqual(result);
  }
  const places = calls.flatMap(({ pid, replayKey }) => (replayKey === null ? [] : [`${pid} ${replayKey}`]));
  expect(new Set(places).size, said("two calls in one place")).toBe(places.length);
  return faults;
}

describe("programs, messages and effects survive whatever happens", () => {
  const batches = Array.from({ length: Math.ceil(seeds.length / BATCH) }, (_, index) =>
    seeds.slice(index * BATCH, (index + 1) * BATCH),
  );
  test.each(batches.map((batch) => ({ batch, from: batch[0], to: batch.at(-1) })))(
    "seeds $from to $to",
    { timeout: 120_000 },
    async ({ batch }) => {
      const seen = new Map<string, number>();
      for (const seed of batch)
        for (const [fault, times] of Object.entries(await check(seed))) seen.set(fault, (seen.get(fault) ?? 0) + times);
      if (batch.length === BATCH)
        for (const fault of [
          "kill -9",
          "power failure",
          "takeover",
          "stop",
          "death of a program",
          "clock jump",
          "pause",
        ])
          expect(seen.get(fault) ?? 0).toBeGreaterThan(BATCH / 2);
    },
  );
});
