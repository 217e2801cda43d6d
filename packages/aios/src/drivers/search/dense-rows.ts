import { grown } from "./grown.ts";

/** Dense vectors one behind the other in one array, read whole by each query. */
export class DenseRows {
  readonly #dimension: number;
  #values = new Float32Array(0);
  #slots: number[] = [];

  constructor(dimension: number) {
    this.#dimension = dimension;
  }

  add(slot: number, vector: Float32Array): void {
    const start = this.#slots.length * this.#dimension;
    if (start + this.#dimension > this.#values.length)
      this.#values = grown(this.#values, Math.max(16 * this.#dimension, 2 * this.#values.length));
    this.#values.set(vector, start);
    this.#slots.push(slot);
  }

  /** Adds each slot's product with the query to its score. */
  score(query: Float32Array, scores: Float64Array): void {
    const dimension = this.#dimension;
    const values = this.#values;
    for (const [row, slot] of this.#slots.entries()) {
      const start = row * dimension;
      let sum = 0;
      for (let at = 0; at < dimension; at++) sum += (query[at] as number) * (values[start + at] as number);
      scores[slot] = (scores[slot] as number) + sum;
    }
  }

  /** Gives every slot its new number; those with -1 are dropped. */
  renumber(numbers: Int32Array): void {
    const kept: number[] = [];
    for (const [row, slot] of this.#slots.entries()) {
      const number = numbers[slot] as number;
      if (number < 0) continue;
      const start = row * this.#dimension;
      this.#values.copyWithin(kept.length * this.#dimension, start, start + this.#dimension);
      kept.push(number);
    }
    this.#slots = kept;
  }
}
