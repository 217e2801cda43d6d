/** 950, 12.3k, 4.5M: never more than five characters below a billion. */
export function shortCount(value: number): string {
  if (value < 1_000) return String(Math.round(value));
  const units = ["k", "M", "G", "T"];
  let scaled = value;
  let unit = -1;
  do {
    scaled /= 1_000;
    unit++;
  } while (scaled >= 999.95 && unit < units.length - 1);
  return `${scaled.toFixed(1)}${units[unit]}`;
}

/** 0ms, 340ms, 2.4s, 3m05s, 2h07m, 4d03h. */
export function shortTime(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))}ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1_000);
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h${two((seconds % 3_600) / 60)}m`;
  return `${Math.floor(seconds / 86_400)}d${two((seconds % 86_400) / 3_600)}h`;
}

/** US dollars: "-" for nothing, four decimals below a dollar. A simulated price is marked, for nobody paid it. */
export function shortCost(costUsd: number, isSimulated = false): string {
  if (costUsd === 0) return "-";
  const text = costUsd < 0.00005 ? "<$0.0001" : costUsd < 1 ? `$${costUsd.toFixed(4)}` : `$${costUsd.toFixed(2)}`;
  return isSimulated ? `sim ${text}` : text;
}

/** The `share` quantile (0…1) by nearest rank; 0 for no values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
