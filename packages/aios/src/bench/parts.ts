import { machine, rounded } from "./report.ts";
import type { BenchReport, Figure } from "./report.ts";

interface PartsOptions {
  readonly name: string;
  readonly seed: number;
  /** What is measured one after the other, by what people are told meanwhile. */
  readonly parts: readonly (readonly [string, () => Promise<Figure[]>])[];
  readonly notes: readonly string[];
  readonly say: (line: string) => void;
  readonly signal: AbortSignal | undefined;
}

/** Measures one part after the other. What this machine cannot measure is left out, and the notes say so. */
export async function measured({ name, seed, parts, notes, say, signal }: PartsOptions): Promise<BenchReport> {
  const beganAt = performance.now();
  const figures: Figure[] = [];
  const missing: string[] = [];
  for (const [part, measure] of parts) {
    signal?.throwIfAborted();
    say(part);
    try {
      figures.push(...(await measure()));
    } catch (cause) {
      missing.push(`${part}: not measured: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
  const durationS = rounded((performance.now() - beganAt) / 1_000);
  return { name, version: 1, machine: machine(), seed, durationS, figures, notes: [...missing, ...notes] };
}

/** Where everything that is measured is a process of its own. */
export const apart =
  "load, upstream, pipe and kernel are processes of their own on the same machine; ratios count, absolute times are this machine's";
