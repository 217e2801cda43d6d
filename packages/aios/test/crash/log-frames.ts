// SQLite's write-ahead log, byte for byte (sqlite.org/fileformat2.html §4): where its last whole commit ends, and how a
// write that the power cut off looks behind it.
import { closeSync, existsSync, openSync, readFileSync, statSync, truncateSync, writeSync } from "node:fs";
import type { Random } from "../../src/kernel/ports.ts";

const HEADER = 32;
const FRAME_HEADER = 24;
const BIG_ENDIAN_MAGIC = 0x377f0683;

interface Log {
  readonly bytes: Buffer;
  readonly pageBytes: number;
  /** End of the last whole commit; what lies behind it was acknowledged to nobody. */
  readonly end: number;
  readonly commits: readonly number[];
  /** Pages that the log holds: the next checkpoint writes them. */
  readonly pages: ReadonlySet<number>;
  /** The running checksum at `end`. */
  readonly sums: readonly [number, number];
  readonly isBigEndian: boolean;
}

type Sums = readonly [number, number];

function checksum(bytes: Buffer, before: Sums, isBigEndian: boolean): Sums {
  let [first, second] = before;
  const read = (at: number): number => (isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
  for (let at = 0; at < bytes.length; at += 8) {
    first = (first + read(at) + second) >>> 0;
    second = (second + read(at + 4) + first) >>> 0;
  }
  return [first, second];
}

export function readLog(path: string): Log | undefined {
  if (!existsSync(path)) return undefined;
  const bytes = readFileSync(path);
  if (bytes.length < HEADER) return undefined;
  const isBigEndian = bytes.readUInt32BE(0) === BIG_ENDIAN_MAGIC;
  const pageBytes = bytes.readUInt32BE(8);
  const salts = bytes.subarray(16, 24);
  let running = checksum(bytes.subarray(0, 24), [0, 0], isBigEndian);
  let sums = running;
  let end = HEADER;
  const commits: number[] = [];
  const pages = new Set<number>();
  let open: number[] = [];
  for (let at = HEADER; at + FRAME_HEADER + pageBytes <= bytes.length; at += FRAME_HEADER + pageBytes) {
    const header = bytes.subarray(at, at + FRAME_HEADER);
    if (!header.subarray(8, 16).equals(salts)) break;
    running = checksum(header.subarray(0, 8), running, isBigEndian);
    running = checksum(bytes.subarray(at + FRAME_HEADER, at + FRAME_HEADER + pageBytes), running, isBigEndian);
    if (header.readUInt32BE(16) !== running[0] || header.readUInt32BE(20) !== running[1]) break;
    open.push(header.readUInt32BE(0));
    if (header.readUInt32BE(4) === 0) continue;
    end = at + FRAME_HEADER + pageBytes;
    commits.push(end);
    for (const page of open) pages.add(page);
    open = [];
    sums = running;
  }
  return { bytes, pageBytes, end, commits, pages, sums, isBigEndian };
}

/**
 * What a power failure in the middle of the next commit leaves: some of its frames, whole and with right checksums, the last
 * ones torn. And in the database itself: pages that a checkpoint had begun to write back.
 */
export function tearTail(database: string, random: Random): string {
  const log = readLog(`${database}-wal`);
  if (!log) return "no log";
  const { bytes, pageBytes, end, isBigEndian } = log;
  const pick = (below: number): number => Math.floor(random.next() * below);
  const frames = 1 + pick(5);
  const torn: Buffer[] = [];
  let sums: Sums = log.sums;
  for (let number = 0; number < frames; number++) {
    const frame = Buffer.alloc(FRAME_HEADER + pageBytes, pick(256));
    frame.writeUInt32BE(2 + pick(50), 0);
    // The last one would be the commit, were it whole.
    frame.writeUInt32BE(number === frames - 1 ? 100 + pick(1_000) : 0, 4);
    bytes.copy(frame, 8, 16, 24);
    sums = checksum(frame.subarray(0, 8), sums, isBigEndian);
    sums = checksum(frame.subarray(FRAME_HEADER), sums, isBigEndian);
    frame.writeUInt32BE(sums[0], 16);
    frame.writeUInt32BE(sums[1], 20);
    torn.push(frame);
  }
  const tail = Buffer.concat(torn);
  const cut = pick(tail.length - FRAME_HEADER);
  // A sector of the last frame is what was there before; or the file ends there.
  const isShort = random.next() < 0.5;
  if (!isShort) tail.fill(0, cut, Math.min(tail.length, cut + 512));
  tail[tail.length - 1]! ^= 0xff;
  const file = openSync(`${database}-wal`, "r+");
  writeSync(file, isShort ? tail.subarray(0, cut) : tail, 0, isShort ? cut : tail.length, end);
  closeSync(file);
  if (isShort) truncateSync(`${database}-wal`, end + cut);
  return `${frames} frames torn behind byte ${end}${isShort ? `, cut at ${end + cut}` : ""}, ${tearPages(database, log, random)} pages`;
}

/** Pages that are in the log may be half written in the database: who reads takes them from the log. */
function tearPages(database: string, { pages, pageBytes }: Log, random: Random): number {
  const file = openSync(database, "r+");
  let torn = 0;
  try {
    for (const page of pages) {
      if (random.next() > 0.2) continue;
      // The first sector of the first page is the same before and after: a disk writes sectors whole.
      const from = page === 1 ? 512 : 0;
      const at = (page - 1) * pageBytes;
      if (at + pageBytes > statSync(database).size) continue;
      const sector = Buffer.alloc(512, 0x5a);
      writeSync(file, sector, 0, 512, at + Math.max(from, 512 * Math.floor(random.next() * (pageBytes / 512))));
      torn++;
    }
  } finally {
    closeSync(file);
  }
  return torn;
}
