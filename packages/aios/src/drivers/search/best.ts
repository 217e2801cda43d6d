interface Scored {
  readonly key: number;
  readonly score: number;
}

/** Keeps the best of many without sorting them all. */
export class Best {
  readonly #limit: number;
  readonly #byKey: (a: number, b: number) => number;
  #kept: Scored[] = [];
  #least = -Infinity;

  /** Equals stand in the order of their keys. */
  constructor(limit: number, byKey: (a: number, b: number) => number) {
    this.#limit = limit;
    this.#byKey = byKey;
  }

  offer(key: number, score: number): void {
    if (score < this.#least) return;
    this.#kept.push({ key, score });
    if (this.#kept.length >= 2 * this.#limit + 64) this.#cut();
  }

  /** Best first. */
  sorted(): readonly Scored[] {
    this.#cut();
    return this.#kept;
  }

  #cut(): void {
    this.#kept.sort((a, b) => b.score - a.score || this.#byKey(a.key, b.key));
    this.#kept = this.#kept.slice(0, this.#limit);
    if (this.#kept.length === this.#limit) this.#least = this.#kept.at(-1)?.score ?? Infinity;
  }
}
