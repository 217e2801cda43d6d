/** A geometric mean with its 95 % interval. */
export interface Estimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly least: number;
  readonly most: number;
}

/** 97.5 % points of Student's t by degrees of freedom; beyond the table the normal distribution is near enough. */
const t975 = [
  12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045,
];

/**
 * Of ratios: mean and interval of their logarithms (Student's t), back in ratios, so that twice as fast and half as fast cancel
 * out. One ratio alone has no interval: low and high are itself.
 */
export function geometricMean(ratios: readonly number[]): Estimate {
  const logs = ratios.map((ratio) => Math.log(ratio));
  const count = logs.length;
  const mean = logs.reduce((sum, log) => sum + log, 0) / count;
  const squares = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0);
  const half = count < 2 ? 0 : (t975[count - 2] ?? 1.96) * Math.sqrt(squares / (count - 1) / count);
  return {
    mean: Math.exp(mean),
    low: Math.exp(mean - half),
    high: Math.exp(mean + half),
    least: Math.min(...ratios),
    most: Math.max(...ratios),
  };
}
