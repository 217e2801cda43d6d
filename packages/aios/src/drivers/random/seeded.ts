import type { Random } from "../../kernel/ports.ts";

const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";

/** The same numbers for the same seed (mulberry32, T. Ettinger): for simulations and tests, never for keys. */
export function createSeededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    text: (length) => {
      let text = "";
      // Six characters a draw: 36^6 is just below 2^32.
      for (let left = 0; text.length < length; left = Math.floor(left / ALPHABET.length)) {
        if (text.length % 6 === 0) left = Math.floor(next() * ALPHABET.length ** 6);
        text += ALPHABET[left % ALPHABET.length];
      }
      return text;
    },
  };
}
