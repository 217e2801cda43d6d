/** Draws of one purpose: the n-th is a function of the keys and n alone, whatever else is drawn elsewhere. */
export interface Draws {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, bound). */
  below(bound: number): number;
  pick<Item>(items: readonly [Item, ...Item[]]): Item;
  /** exp(N(ln median, sigma)); the median itself where sigma is 0. */
  lognormal(median: number, sigma: number): number;
}

/**
 * A counter-based generator keyed by (seed, agent, call, purpose): no state is shared between purposes,
 * so that a change in the order of events changes no draw.
 */
export function draws(...keys: readonly (string | number)[]): Draws {
  const [left, right] = hashPair(keys.join("\u0000"));
  let counter = 0;
  const next = () => {
    counter++;
    return mix(left ^ mix(right + Math.imul(counter, 0x9e3779b9))) / 2 ** 32;
  };
  return {
    next,
    below: (bound) => Math.floor(next() * bound),
    pick: (items) => items[Math.floor(next() * items.length)] ?? items[0],
    lognormal: (median, sigma) =>
      // Box and Muller, 1958.
      median * Math.exp(sigma * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())),
  };
}

/** 16 hexadecimal digits that stand for a text. Not cryptographic. */
export function textHash(text: string): string {
  const [left, right] = hashPair(text);
  return left.toString(16).padStart(8, "0") + right.toString(16).padStart(8, "0");
}

/** Two 32-bit lanes of multiply-xor over the code units, finished by murmur3's avalanche. */
function hashPair(text: string): [number, number] {
  let left = 0xdeadbeef;
  let right = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    left = Math.imul(left ^ code, 2654435761);
    right = Math.imul(right ^ code, 1597334677);
  }
  return [mix(left ^ (right >>> 15)), mix(right ^ (left >>> 13))];
}

/** The finaliser of murmur3 (Appleby, 2011): every input bit flips each output bit with probability one half. */
function mix(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
