/** Something that lies in a heap and knows where, so that it can be taken out in O(log n). */
export interface HeapItem {
  heapIndex: number;
}

/** A binary heap with removal. The smallest by `isBefore` is first; an item whose order changed while inside must be `moved`. */
export class Heap<Item extends HeapItem> {
  readonly #items: Item[] = [];
  readonly #isBefore: (left: Item, right: Item) => boolean;

  constructor(isBefore: (left: Item, right: Item) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): Item | undefined {
    return this.#items[0];
  }

  push(item: Item): void {
    item.heapIndex = this.#items.length;
    this.#items.push(item);
    this.#rise(item);
  }

  pop(): Item | undefined {
    const first = this.#items[0];
    if (first) this.remove(first);
    return first;
  }

  /** Takes `item` out; an item that is not inside is left alone. */
  remove(item: Item): void {
    const index = item.heapIndex;
    if (this.#items[index] !== item) return;
    const last = this.#items.pop() as Item;
    item.heapIndex = -1;
    if (last === item) return;
    this.#put(last, index);
    this.#rise(last);
    this.#sink(last);
  }

  /** Finds the place of an item anew whose order has changed. */
  moved(item: Item): void {
    if (this.#items[item.heapIndex] !== item) return;
    this.#rise(item);
    this.#sink(item);
  }

  #put(item: Item, index: number): void {
    this.#items[index] = item;
    item.heapIndex = index;
  }

  #rise(item: Item): void {
    while (item.heapIndex > 0) {
      const index = item.heapIndex;
      const parentIndex = (index - 1) >> 1;
      const parent = this.#items[parentIndex] as Item;
      if (!this.#isBefore(item, parent)) return;
      this.#put(parent, index);
      this.#put(item, parentIndex);
    }
  }

  #sink(item: Item): void {
    for (;;) {
      const index = item.heapIndex;
      const left = this.#items[2 * index + 1];
      const right = this.#items[2 * index + 2];
      const child = left && right && this.#isBefore(right, left) ? right : left;
      if (!child || !this.#isBefore(child, item)) return;
      const childIndex = child.heapIndex;
      this.#put(child, index);
      this.#put(item, childIndex);
    }
  }
}
