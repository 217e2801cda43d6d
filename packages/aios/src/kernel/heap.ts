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
    if (index < 0 || this.#items[index] !== item) return;
    const last = this.#items.pop() as Item;
    item.heapIndex = -1;
    if (last === item) return;
    last.heapIndex = index;
    this.#rise(last);
    this.#sink(last);
  }

  /** Finds the place of an item anew whose order has changed. */
  moved(item: Item): void {
    // Looked at first: most are moved while outside, and an array that is read at −1 takes the slow way.
    if (item.heapIndex < 0 || this.#items[item.heapIndex] !== item) return;
    this.#rise(item);
    this.#sink(item);
  }

  /** Those in the way move down one by one, and the item takes the last one's place. */
  #rise(item: Item): void {
    const items = this.#items;
    let index = item.heapIndex;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = items[parentIndex] as Item;
      if (!this.#isBefore(item, parent)) break;
      items[index] = parent;
      parent.heapIndex = index;
      index = parentIndex;
    }
    items[index] = item;
    item.heapIndex = index;
  }

  #sink(item: Item): void {
    const items = this.#items;
    let index = item.heapIndex;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= items.length) break;
      if (childIndex + 1 < items.length && this.#isBefore(items[childIndex + 1] as Item, items[childIndex] as Item))
        childIndex++;
      const child = items[childIndex] as Item;
      if (!this.#isBefore(child, item)) break;
      items[index] = child;
      child.heapIndex = index;
      index = childIndex;
    }
    items[index] = item;
    item.heapIndex = index;
  }
}
