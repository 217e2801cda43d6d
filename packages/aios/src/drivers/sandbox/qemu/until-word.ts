/** Lets a stream through up to a word that nobody who writes to it knows; what follows the word is not let through. */
export class UntilWord {
  readonly #word: Buffer;
  readonly #emit: (bytes: Uint8Array) => void;
  #held = Buffer.alloc(0);
  #isOver = false;

  constructor(word: string, emit: (bytes: Uint8Array) => void) {
    this.#word = Buffer.from(word);
    this.#emit = emit;
  }

  /** Whether the word has come. */
  push(bytes: Uint8Array): boolean {
    if (this.#isOver) return true;
    const all = Buffer.concat([this.#held, bytes]);
    const at = all.indexOf(this.#word);
    this.#isOver = at >= 0;
    let end = at >= 0 ? at : Math.max(0, all.length - this.#word.length + 1);
    // Held back is only what may be its beginning.
    while (at < 0 && end < all.length && !this.#word.subarray(0, all.length - end).equals(all.subarray(end))) end++;
    if (end > 0) this.#emit(all.subarray(0, end));
    this.#held = all.subarray(end);
    return this.#isOver;
  }
}
