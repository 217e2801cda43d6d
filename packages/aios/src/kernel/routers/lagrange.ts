/** One model for one request. */
export interface Option {
  /** US dollars, or any other unit, as long as it is the same for all. */
  readonly cost: number;
  /** Probability that the answer is good, 0…1. */
  readonly quality: number;
}

/** Halvings of the interval in which the price of quality is looked for: 2⁻⁴⁰ of it is beyond what costs differ by. */
const HALVINGS = 40;

/**
 * What a unit of quality is worth, if the mean over these requests (`rows`) shall be `alpha` at the least cost: the dual
 * variable λ of that constraint, for which each request takes argmin cost − λ·quality, found by bisection. At λ itself
 * the mean jumps past alpha: below `low` is too little, at `high` enough. Both the same: alpha costs nothing (0), or is
 * out of reach, and each request gets its best. O(log · options).
 */
export function priceOfQuality(rows: readonly (readonly Option[])[], alpha: number): { low: number; high: number } {
  // So that rounding does not buy an upgrade.
  const wanted = (alpha - 1e-9) * rows.length;
  const sumAt = (price: number): number =>
    rows.reduce((sum, options) => sum + (options[choose(options, price)]?.quality ?? 0), 0);
  if (sumAt(0) >= wanted) return { low: 0, high: 0 };
  let [low, high] = [0, dearestUpgrade(rows)];
  if (sumAt(high) < wanted) return { low: high, high };
  for (let step = 0; step < HALVINGS; step++) {
    const middle = (low + high) / 2;
    if (sumAt(middle) >= wanted) high = middle;
    else low = middle;
  }
  return { low, high };
}

/** The option that is best at this price of quality: its index. Of equals the better one. */
export function choose(options: readonly Option[], price: number): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [index, { cost, quality }] of options.entries()) {
    const reduced = cost - price * quality;
    const isBetter = reduced < least || (reduced === least && quality > (options[best]?.quality ?? 0));
    if (isBetter) [best, least] = [index, reduced];
  }
  return best;
}

/** Above this price of quality every request takes its best option. */
function dearestUpgrade(rows: readonly (readonly Option[])[]): number {
  let dearest = 0;
  for (const options of rows)
    for (const left of options)
      for (const right of options)
        if (right.quality > left.quality)
          dearest = Math.max(dearest, (right.cost - left.cost) / (right.quality - left.quality));
  return dearest * 2 + 1;
}
