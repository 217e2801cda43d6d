import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { asPid } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { alpha } from "../../../test/journal-rows.ts";
import { createSeededRandom } from "../random/seeded.ts";
import { openSqliteJournal } from "./sqlite.ts";

const ROUNDS = Number(process.env["AIOS_JOURNAL_KILL_ROUNDS"] ?? 10);
const program = fileURLToPath(new URL("../../../test/programs/journal-load.ts", import.meta.url));

/** Runs the load until `count` acknowledgements were read, kills it with SIGKILL, and returns every number it printed. */
async function loadAndKill(path: string, { first, count }: { first: number; count: number }): Promise<number[]> {
  const child = spawn(process.execPath, [...process.execArgv, program, path, String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  let read = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    read += chunk.toString().split("\n").length - 1;
    if (read >= count) child.kill("SIGKILL");
  });
  const [, signal] = (await once(child, "close")) as [number | null, string | null];
  expect(signal).toBe("SIGKILL");
  // A last line that was cut off was not read whole: nobody was told that number.
  return text.split("\n").slice(0, -1).map(Number);
}

test(
  `after kill -9 under load, ${ROUNDS} times, every acknowledged commit is there, whole`,
  { timeout: 10_000 * ROUNDS },
  async () => {
    const home = mkdtempSync(join(tmpdir(), "aios-kill-"));
    const path = join(home, "journal.db");
    const random = createSeededRandom(20_260_729);
    let first = 1;
    let total = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const acknowledged = await loadAndKill(path, { first, count: 1 + Math.floor(random.next() * 400) });
      total += acknowledged.length;
      await using journal = await openSqliteJournal({ path });
      const { lastEventSeq } = await journal.load();
      const events = await journal.events({ afterSeq: first - 1, limit: 1_000_000 });
      const found = new Set<number>(events.map(({ seq }) => seq));
      expect(acknowledged.filter((number) => !found.has(number))).toEqual([]);
      // One commit is one piece: where its event is, its call is too, with all its bodies.
      const whole = new Set<number>();
      for (let caller = 0; caller < 16; caller++) {
        const rows = await journal.calls({
          tenant: alpha,
          pid: asPid(`p${caller}`),
          afterSeq: first - 1,
          limit: 1_000_000,
        });
        for (const { seq, request, result } of rows) {
          const { messages } = request as { messages: unknown[] };
          const isWhole = messages.length === 1 + (seq % 40) && (result as { number: number }).number === seq;
          if (isWhole) whole.add(seq);
        }
      }
      expect([...found].filter((number) => !whole.has(number))).toEqual([]);
      expect(whole.size).toBe(found.size);
      const notes = await journal.notes({ tenant: alpha, limit: 1_000_000 });
      const live = notes.filter(({ isEvicted }) => !isEvicted);
      const bytes = live.reduce((sum, { body }) => sum + Buffer.byteLength(JSON.stringify(body)), 0);
      const counted = { notes: live.length, bytes, evictedNotes: notes.length - live.length };
      expect(await journal.noteUsage([{}, { tenant: alpha }])).toMatchObject([counted, counted]);
      expect(notes.length).toBe(lastEventSeq);
      // So is the audit log: no entry without its event, nor the other way round.
      expect(await journal.verifyAudit()).toMatchObject({ fault: null, events: notes.length });
      first = lastEventSeq + 1;
    }
    const db = new DatabaseSync(path);
    expect(db.prepare("pragma integrity_check").get()).toEqual({ integrity_check: "ok" });
    db.close();
    expect(total).toBeGreaterThan(ROUNDS);
    rmSync(home, { recursive: true });
  },
);
