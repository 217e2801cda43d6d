import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventRow, ofEvent } from "../../../test/journal-rows.ts";
import { testedEngine } from "../../../test/sqlite-engine.ts";
import { openSqliteJournal } from "./sqlite.ts";

test("of many who wait for their commits one goes on in a turn of the event loop, however long it takes", async () => {
  const home = mkdtempSync(join(tmpdir(), "aios-journal-"));
  try {
    await using journal = await openSqliteJournal({ path: join(home, "journal.db"), engine: testedEngine });
    let turn = 0;
    const told = new Map<number, number>();
    const perImmediate = (): void => {
      turn++;
      immediate = setImmediate(perImmediate);
    };
    let immediate = setImmediate(perImmediate);
    const caller = async (first: number): Promise<void> => {
      for (let seq = first; seq < first + 20; seq++) {
        await journal.commit([ofEvent(eventRow(seq))]);
        told.set(turn, (told.get(turn) ?? 0) + 1);
        // Whoever goes on has something to do, and meanwhile the writer has written more.
        const untilMs = performance.now() + 1;
        while (performance.now() < untilMs);
      }
    };
    await Promise.all(Array.from({ length: 16 }, (_, each) => caller(1 + each * 20)));
    clearImmediate(immediate);
    expect([...told.values()].reduce((sum, count) => sum + count)).toBe(320);
    expect(Math.max(...told.values())).toBe(1);
  } finally {
    rmSync(home, { recursive: true });
  }
});
