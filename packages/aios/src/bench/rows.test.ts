import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { peersIn } from "./peers.ts";
import { beside, memoryRows, openSides, storedRows } from "./rows.ts";

const rows = [...memoryRows, ...storedRows];

test("every row is measured by the shipped classes, and has its counterpart in the original's driver", async () => {
  await using sides = await openSides(undefined);
  const driver = await readFile(new URL("./original.py", import.meta.url), "utf8");
  for (const { op } of rows) {
    const { ours } = await sides.inTurns({ op, forMs: 1, callers: 3, db: "memory", isTimedEach: op === "switch" });
    expect(ours.perSecond, op).toBeGreaterThan(0);
    expect(driver).toContain(`    "${op}": `);
  }
  // With the p99 of the switch, seventeen.
  expect(rows).toHaveLength(16);
}, 60_000);

test("a ratio is held against its target, and without a peer nobody says that it holds", () => {
  const figure = { name: "state write", value: 3_000, unit: "/s", atLeast: 3 };
  const against = (value: number) => beside({ name: "the original, /s", value }, figure);
  expect(against(1_000)).toMatchObject({ holds: true, ratio: 3, target: "≥ 3× the other" });
  expect(against(1_001)).toMatchObject({ holds: false, ratio: 2.997 });
  expect(beside(undefined, figure)).toEqual({
    name: "state write",
    value: 3_000,
    unit: "/s",
    target: "≥ 3× the other",
  });
});

test("a folder with nothing to compare with is refused, and peers are found in theirs", async () => {
  const folder = await mkdtemp(join(tmpdir(), "aios-peers-"));
  try {
    expect(() => peersIn([folder])).toThrow("holds nothing to compare with");
    const [checkout, installed] = [join(folder, "checkout"), join(folder, "installed")];
    await mkdir(join(checkout, "aios/kernel"), { recursive: true });
    await writeFile(join(checkout, "aios/kernel/context_manager.py"), "");
    await mkdir(join(installed, "node_modules/@langchain/langgraph"), { recursive: true });
    const found = { original: join(checkout, "aios"), langGraphStore: installed };
    expect(peersIn([installed, checkout])).toEqual({ ...found, langGraph: undefined });
    await mkdir(join(installed, "node_modules/@langchain/langgraph-checkpoint-sqlite"));
    expect(peersIn([installed, checkout])).toEqual({ ...found, langGraph: installed });
  } finally {
    await rm(folder, { recursive: true });
  }
});
