/** Lets a stream through, but for a line that may turn out to be its last. */
export class LastWord {
  readonly #line: Buffer;
  readonly #emit: (bytes: Uint8Array) => void;
  #held = Buffer.alloc(0);

  constructor(word: string, emit: (bytes: Uint8Array) => void) {
    this.#line = Buffer.from(`${word}\n`);
    this.#emit = emit;
  }

  push(bytes: Uint8Array): void {
    const all = Buffer.concat([this.#held, bytes]);
    let length = Math.min(all.length, this.#line.length);
    while (!this.#line.subarray(0, length).equals(all.subarray(all.length - length))) length--;
    if (all.length > length) this.#emit(all.subarray(0, all.length - length));
    this.#held = all.subarray(all.length - length);
  }

  /** Whether the stream ended with the word. Where it is not `expected` there, it is text like all else. */
  end(expected: boolean): boolean {
    const isSaid = expected && this.#held.equals(this.#line);
    if (!isSaid && this.#held.length > 0) this.#emit(this.#held);
    this.#held = Buffer.alloc(0);
    return isSaid;
  }
}
