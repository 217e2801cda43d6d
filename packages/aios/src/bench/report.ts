import { cpus } from "node:os";

/** One number of a benchmark. `target` is what the design or an issue asks for, `holds` whether this run met it. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly target?: string;
  readonly holds?: boolean;
  /** What was measured in the same run for comparison, and our value against it. */
  readonly peer?: { readonly name: string; readonly value: number };
  readonly ratio?: number;
  /** 95 % interval of a value that is a mean over several seeds. */
  readonly interval?: readonly [low: number, high: number];
  /** What one operation does, and what is on disk when it is done: ours, and the peer's. */
  readonly detail?: string;
}

/** What was compared with each other, where single figures would be too many. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  /** What makes no difference, as 1 does where cells are ratios; absent: none of them says so. */
  readonly neutral?: number;
  /** A cell for each column; null: nothing to measure there. */
  readonly rows: readonly { readonly name: string; readonly cells: readonly (Cell | null)[] }[];
}

/** A mean over several seeds with its 95 % interval. */
export interface Cell {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** What `aios bench NAME --json` carries in its envelope. */
export interface BenchReport {
  readonly name: string;
  readonly version: number;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  readonly seed: number;
  readonly durationS: number;
  readonly figures: readonly Figure[];
  readonly tables?: readonly Table[];
  /** What could not be run, and what to know when reading the figures. */
  readonly notes: readonly string[];
}

export function machine(): BenchReport["machine"] {
  const all = cpus();
  return { cpu: all[0]?.model ?? "unknown", cores: all.length, node: process.version };
}

type Bound = { readonly atMost: number } | { readonly atLeast: number } | { readonly exactly: number };

/** A figure with a target. */
export function aimed(name: string, value: number, { unit, bound }: { unit: string; bound: Bound }): Figure {
  if ("atMost" in bound) return { name, value, unit, target: `≤ ${bound.atMost}`, holds: value <= bound.atMost };
  if ("atLeast" in bound) return { name, value, unit, target: `≥ ${bound.atLeast}`, holds: value >= bound.atLeast };
  return { name, value, unit, target: `${bound.exactly}`, holds: value === bound.exactly };
}

/** Rounded for people, to three digits behind the point at most. */
export const rounded = (value: number): number => Math.round(value * 1000) / 1000;

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
