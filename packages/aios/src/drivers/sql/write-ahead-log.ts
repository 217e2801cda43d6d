import { closeSync, openSync, readSync } from "node:fs";

/** sqlite.org/fileformat2.html §4.1: eight big-endian words; the last bit of the first says in which order checksums read. */
const HEADER_BYTES = 32;
const MAGIC = 0x37_7f_06_82;
const FRAME_HEADER_BYTES = 24;

/**
 * Whether a write-ahead log holds commits that nobody can read any more: it is long enough for them, and its header is
 * not whole. SQLite takes such a log for an empty one, and what was acknowledged since the last checkpoint for unsaid.
 * A torn end is no damage: what was not yet synced was not yet acknowledged.
 */
export function isBrokenLog(path: string, sizeBytes: number): boolean {
  if (sizeBytes <= HEADER_BYTES + FRAME_HEADER_BYTES) return false;
  const header = Buffer.alloc(HEADER_BYTES);
  const file = openSync(path, "r");
  try {
    readSync(file, header);
  } finally {
    closeSync(file);
  }
  const magic = header.readUInt32BE(0);
  if ((magic & ~1) !== MAGIC) return true;
  const word = (at: number): number => ((magic & 1) === 1 ? header.readUInt32BE(at) : header.readUInt32LE(at));
  let [first, second] = [0, 0];
  for (let at = 0; at < 24; at += 8) {
    first = (first + word(at) + second) >>> 0;
    second = (second + word(at + 4) + first) >>> 0;
  }
  return first !== header.readUInt32BE(24) || second !== header.readUInt32BE(28);
}
