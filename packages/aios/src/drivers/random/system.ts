import { hash, randomBytes } from "node:crypto";
import type { Hash, Random } from "../../kernel/ports.ts";

const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";
/** Bytes at or above this would favour the first letters. */
const FAIR = 252; // 7 × 36
const POOL_BYTES = 4_096;

let pool = randomBytes(POOL_BYTES);
let used = 0;

function nextByte(): number {
  if (used === pool.length) {
    pool = randomBytes(POOL_BYTES);
    used = 0;
  }
  return pool[used++] as number;
}

/** Unguessable ids from the system's generator, drawn in blocks: one system call per few hundred ids. */
export const systemRandom: Random = {
  next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  text(length) {
    let text = "";
    while (text.length < length) {
      const byte = nextByte();
      if (byte < FAIR) text += ALPHABET[byte % ALPHABET.length];
    }
    return text;
  },
};

export const systemHash: Hash = { sha256: (text) => hash("sha256", text, "hex") };
