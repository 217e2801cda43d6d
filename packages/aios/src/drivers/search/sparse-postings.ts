import { grown } from "./grown.ts";
import type { SparseVector } from "./vector-index.ts";

interface List {
  slots: Uint32Array;
  values: Float32Array;
  length: number;
}

/** For each dimension the vectors in which it is not 0: a query reads the lists of its own dimensions only. */
export class SparsePostings {
  readonly #lists = new Map<number, List>();

  add(slot: number, { indices, values }: SparseVector): void {
    for (let at = 0; at < indices.length; at++) append(this.#list(indices[at] as number), slot, values[at] as number);
  }

  /** Adds what each slot has in common with the query to its score. */
  score({ indices, values }: SparseVector, scores: Float64Array): void {
    for (let at = 0; at < indices.length; at++) {
      const list = this.#lists.get(indices[at] as number);
      if (list === undefined) continue;
      const weight = values[at] as number;
      const { slots, values: held, length } = list;
      for (let place = 0; place < length; place++) {
        const slot = slots[place] as number;
        scores[slot] = (scores[slot] as number) + weight * (held[place] as number);
      }
    }
  }

  /** How many of the slots marked 1 have this dimension. */
  count(index: number, marked: Uint8Array): number {
    const list = this.#lists.get(index);
    if (list === undefined) return 0;
    let count = 0;
    for (let place = 0; place < list.length; place++) count += marked[list.slots[place] as number] as number;
    return count;
  }

  /** Gives every slot its new number; those with -1 are dropped. */
  renumber(numbers: Int32Array): void {
    for (const [index, list] of this.#lists) {
      let length = 0;
      for (let place = 0; place < list.length; place++) {
        const slot = numbers[list.slots[place] as number] as number;
        if (slot < 0) continue;
        list.slots[length] = slot;
        list.values[length++] = list.values[place] as number;
      }
      list.length = length;
      if (length === 0) this.#lists.delete(index);
    }
  }

  #list(index: number): List {
    let list = this.#lists.get(index);
    if (list === undefined) {
      list = { slots: new Uint32Array(16), values: new Float32Array(16), length: 0 };
      this.#lists.set(index, list);
    }
    return list;
  }
}

function append(list: List, slot: number, value: number): void {
  if (list.length === list.slots.length) {
    list.slots = grown(list.slots, 2 * list.length);
    list.values = grown(list.values, 2 * list.length);
  }
  list.slots[list.length] = slot;
  list.values[list.length++] = value;
}
