// No note reaches whom it is not for, by no syscall, whatever groups give and take. AIOS_SIM_SEEDS says how many worlds,
// AIOS_SIM_SEED which one alone.
import { expect, test } from "vitest";
import { noteTools } from "../note-tools.ts";
import { liveIsolated } from "./note-isolation.ts";

const SEEDS = Number(process.env["AIOS_SIM_SEEDS"] ?? 20);
const ONLY = process.env["AIOS_SIM_SEED"];
const seeds = ONLY === undefined ? Array.from({ length: SEEDS }, (_, index) => index + 1) : [Number(ONLY)];

const ends = new Map<string, number>();

test.each(seeds)(
  "seed %i: each call ends as the rules say, and what a process never reaches changes nothing that it sees",
  { timeout: 60_000 },
  async (seed) => {
    const life = await liveIsolated(seed, { notes: noteTools() });
    for (const [end, times] of life.ends) ends.set(end, (ends.get(end) ?? 0) + times);
    const other = await liveIsolated(seed, { notes: noteTools(), unlike: life.hidden });
    expect(other.seen).toEqual(life.seen);
  },
);

test.runIf(seeds.length >= 20)(
  "every syscall of notes was tried within reach, to read where it writes, and out of reach",
  () => {
    const tried = {
      add: ["done", "ENOENT", "EACCES"],
      import: ["done", "ENOENT", "EACCES"],
      update: ["done", "ENOENT", "EACCES"],
      link: ["done", "ENOENT", "EACCES", "EINVAL"],
      unlink: ["done", "ENOENT", "EACCES", "EINVAL"],
      forget: ["done", "ENOENT", "EACCES"],
      remove: ["done", "EACCES"],
      get: ["done", "ENOENT"],
      graph: ["done", "ENOENT"],
      history: ["done", "ENOENT"],
      search: ["done", "ENOENT"],
      export: ["done", "ENOENT"],
      usage: ["done", "ENOENT"],
      verify: ["done", "EACCES"],
    };
    for (const [verb, all] of Object.entries(tried))
      for (const end of all) expect(ends.get(`mem.${verb} ${end}`) ?? 0, `mem.${verb} ${end}`).toBeGreaterThan(0);
  },
);
