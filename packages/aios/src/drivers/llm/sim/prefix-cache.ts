import { textHash } from "./prng.ts";

const blockTokens = 256;

/** Remembers prompts by a chain of block hashes: a block counts only where all before it are the same. */
export interface PrefixCache {
  /** How many leading tokens of the prompt are known; the whole prompt is known from now on. */
  lookUp(prompt: string): number;
}

/** Holds `capacityTokens`; the blocks that were not used for the longest time go first. */
export function createPrefixCache(capacityTokens: number): PrefixCache {
  const capacity = Math.floor(capacityTokens / blockTokens);
  // A Map keeps the order of insertion: the first key is the one that was not used for the longest time.
  const known = new Map<string, true>();
  return {
    lookUp: (prompt) => {
      if (capacity === 0) return 0;
      const blockLength = blockTokens * 4;
      let chain = "";
      let hits = 0;
      let isKnown = true;
      for (let at = 0; at + blockLength <= prompt.length; at += blockLength) {
        chain = textHash(chain + prompt.slice(at, at + blockLength));
        isKnown &&= known.delete(chain);
        if (isKnown) hits++;
        known.delete(chain);
        known.set(chain, true);
        if (known.size > capacity) known.delete(known.keys().next().value!);
      }
      return hits * blockTokens;
    },
  };
}
