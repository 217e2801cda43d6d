// A kernel in the middle of a write: it holds the home and the journal's write lock, and does nothing more.
// node stuck-writer.ts <home> <lease in ms>; prints {url} when it does.
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { takeHome } from "../../src/boot-home.ts";

const [home, leaseMs] = process.argv.slice(2);
if (home === undefined) throw new Error("usage: stuck-writer.ts <home> <lease in ms>");
const journalFile = join(home, "journal.db");
await takeHome({ home, journalFile, leaseMs: Number(leaseMs) });
new DatabaseSync(journalFile).exec("begin immediate; insert into meta values ('half', 'written')");
process.stdout.write(`${JSON.stringify({ url: "none" })}\n`);
setInterval(() => undefined, 60_000);
