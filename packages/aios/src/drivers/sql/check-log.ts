import { existsSync, readFileSync } from "node:fs";
import { FaultError, restoreHint } from "./fault.ts";

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** Header of a log whose checksums are made of big-endian words; the other kind ends in 2. */
const BIG_ENDIAN_MAGIC = 0x37_7f_06_83;

/**
 * SQLite reads its write-ahead log up to the first frame that is not whole, for so a write ends that was cut off, and what
 * stands behind is dropped without a word. A commit is on the disk before the next one begins: where a frame that is not
 * whole has a commit at it or behind it that another frame follows, it was whole once, and was damaged since. The last
 * commit cannot be told from one that was cut off. The header is looked at elsewhere. sqlite.org/fileformat2.html §4
 * @throws FaultError naming the database.
 */
export function checkLog(path: string): void {
  if (!existsSync(`${path}-wal`)) return;
  // Who holds the file may begin its log anew while it is read: what is damaged is so when it is read again.
  if (damageIn(`${path}-wal`) === undefined) return;
  const frame = damageIn(`${path}-wal`);
  if (frame === undefined) return;
  throw new FaultError({
    kind: "damaged",
    message: `${path} is damaged: frame ${frame + 1} of its log is not what was written, and commits stand behind it`,
    hint: restoreHint,
  });
}

/** The frame that was whole once. */
function damageIn(file: string): number | undefined {
  const log = new Log(readFileSync(file));
  const broken = log.firstBroken();
  for (let frame = broken; frame < log.frames - 1; frame++)
    if (log.isCommit(frame) && log.follows(frame + 1)) return broken;
  return undefined;
}

type Sums = readonly [number, number];

class Log {
  readonly frames: number;
  readonly #bytes: Buffer;
  readonly #words: DataView;
  readonly #isLittle: boolean;
  readonly #frameBytes: number;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const hasHeader = bytes.length >= HEADER_BYTES;
    this.#isLittle = hasHeader && bytes.readUInt32BE(0) !== BIG_ENDIAN_MAGIC;
    const pageBytes = hasHeader ? bytes.readUInt32BE(8) : 0;
    const isPage = pageBytes >= 512 && pageBytes <= 65_536 && (pageBytes & (pageBytes - 1)) === 0;
    this.#frameBytes = FRAME_HEADER_BYTES + pageBytes;
    this.frames = isPage ? Math.floor((bytes.length - HEADER_BYTES) / this.#frameBytes) : 0;
  }

  /** The first frame that does not go on from the one before it, or belongs to an earlier log in the same file. */
  firstBroken(): number {
    for (let frame = 0; frame < this.frames; frame++) if (!this.follows(frame)) return frame;
    return this.frames;
  }

  /** Whether a frame ends a transaction of this log. */
  isCommit(frame: number): boolean {
    return this.#isOfThisLog(frame) && this.#bytes.readUInt32BE(this.#at(frame) + 4) !== 0;
  }

  /** Whether a frame was written after the one before it, and is whole. */
  follows(frame: number): boolean {
    if (!this.#isOfThisLog(frame)) return false;
    const at = this.#at(frame);
    const before = this.#sumsAt(frame === 0 ? HEADER_BYTES - 8 : at - this.#frameBytes + 16);
    const sums = this.#sum(this.#sum(before, at, at + 8), at + FRAME_HEADER_BYTES, at + this.#frameBytes);
    return this.#isAt(at + 16, sums);
  }

  #at(frame: number): number {
    return HEADER_BYTES + frame * this.#frameBytes;
  }

  /** Each log in the file has salts of its own. */
  #isOfThisLog(frame: number): boolean {
    const at = this.#at(frame) + 8;
    return this.#bytes.compare(this.#bytes, 16, 24, at, at + 8) === 0;
  }

  #sumsAt(at: number): Sums {
    return [this.#bytes.readUInt32BE(at), this.#bytes.readUInt32BE(at + 4)];
  }

  #isAt(at: number, [first, second]: Sums): boolean {
    return this.#bytes.readUInt32BE(at) === first && this.#bytes.readUInt32BE(at + 4) === second;
  }

  #sum([first, second]: Sums, from: number, to: number): Sums {
    let [one, two] = [first, second];
    for (let at = from; at < to; at += 8) {
      one = (one + this.#words.getUint32(at, this.#isLittle) + two) >>> 0;
      two = (two + this.#words.getUint32(at + 4, this.#isLittle) + one) >>> 0;
    }
    return [one, two];
  }
}
