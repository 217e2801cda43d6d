import type { Option } from "./lagrange.ts";

/** Decisions over which the mean quality is held. */
const WINDOW = 64;

/** The last decisions of `cost-quality`: what each request could have cost, and the quality of what it was given. */
export class QualityLedger {
  readonly #decisions: { readonly options: readonly Option[]; readonly quality: number }[] = [];

  get rows(): readonly (readonly Option[])[] {
    return this.#decisions.map(({ options }) => options);
  }

  /** By how much the mean of the last choices' foretold qualities misses `alpha`; negative: it is above. */
  shortfall(alpha: number): number {
    const { length } = this.#decisions;
    return length === 0 ? 0 : alpha - this.#sum / length;
  }

  /** Whether the mean misses `alpha` when this one is added. */
  wouldMiss(alpha: number, quality: number): boolean {
    return this.#sum + quality < (alpha - 1e-9) * (this.#decisions.length + 1);
  }

  get #sum(): number {
    return this.#decisions.reduce((sum, { quality }) => sum + quality, 0);
  }

  add(options: readonly Option[], quality: number): void {
    this.#decisions.push({ options, quality });
    if (this.#decisions.length > WINDOW) this.#decisions.shift();
  }
}
