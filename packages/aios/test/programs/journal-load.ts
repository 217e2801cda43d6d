// Commits numbered records from many callers at once and prints each number once its commit resolved, until it is killed.
// node journal-load.ts <journal file> <first number>
import { writeSync } from "node:fs";
import { openSqliteJournal } from "../../src/drivers/journal/sqlite.ts";
import {
  callRow,
  conversation,
  eventRow,
  noteBody,
  ofCall,
  ofEvent,
  ofNote,
  ofProcess,
  processRow,
} from "../journal-rows.ts";

const CALLERS = 16;
const [path, first] = process.argv.slice(2);
if (path === undefined) throw new Error("usage: journal-load.ts <journal file> <first number>");

const journal = await openSqliteJournal({ path });
const messages = conversation(40, 200);
let next = Number(first);

async function commitForever(caller: number): Promise<never> {
  for (;;) {
    const number = next++;
    const request = { model: "auto", messages: messages.slice(0, 1 + (number % messages.length)) };
    await journal.commit([
      ofEvent(eventRow(number)),
      ofCall(callRow(`p${caller}`, number, { request, result: { number, text: "x".repeat(number % 3_000) } })),
      ofProcess(processRow(`p${caller}`, { nice: caller })),
      ofNote(`n${number}`, { namespace: `process:p${caller}`, body: noteBody("x".repeat(number % 500)) }),
      { kind: "noteEvicted", id: `n${number - 1 - (number % 7)}`, version: 1, isEvicted: number % 5 > 0 },
    ]);
    // Synchronous: what the parent reads was acknowledged before the kill.
    writeSync(1, `${number}\n`);
  }
}

await Promise.all(Array.from({ length: CALLERS }, (_, caller) => commitForever(caller)));
