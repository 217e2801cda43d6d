// Bytes that were acknowledged, changed: what a broken disk or a careless hand does.
import { closeSync, openSync, statSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import type { Random } from "../../src/kernel/ports.ts";
import { readLog } from "./log-frames.ts";

const PAGE = 4_096;

/** Damages the journal in one of several ways, and says how. */
export function damageJournal(database: string, random: Random): string {
  const pick = (below: number): number => Math.floor(random.next() * below);
  const pages = Math.floor(statSync(database).size / PAGE);
  const log = readLog(`${database}-wal`);
  const kind = pick(4);
  if (kind === 0) {
    writeFileSync(database, "");
    return "the journal was emptied";
  }
  if (kind === 1) {
    write(database, 0, Buffer.alloc(100, 0xa5));
    return "the journal's header was overwritten";
  }
  if (kind === 2 && pages > 20) {
    // Without the log that would mend it.
    truncateSync(`${database}-wal`, 0);
    truncateSync(database, Math.floor(pages / 2) * PAGE);
    return "the journal was cut in half";
  }
  const commits = log?.commits ?? [];
  if (commits.length < 4) {
    write(database, 0, Buffer.alloc(100, 0xa5));
    return "the journal's header was overwritten";
  }
  // In the middle of the log, with whole commits behind it.
  const at = commits[pick(commits.length - 2)] as number;
  write(`${database}-wal`, at + 200, Buffer.alloc(16, 0xa5));
  return `byte ${at + 200} of the log was changed, ${commits.filter((end) => end > at).length} commits before its end`;
}

function write(path: string, at: number, bytes: Buffer): void {
  const file = openSync(path, "r+");
  writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}
