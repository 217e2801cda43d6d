/** Where one of the texts stands; of several that begin there, the longest. */
export interface TextMatch {
  readonly at: number;
  readonly end: number;
  /** Number of the text that was found, in the order they were given. */
  readonly index: number;
}

/** Characters that are looked at together. */
const GRAM = 3;
/** Of a window; what a longer one skips more is not worth a larger table. */
const MOST_WINDOW = 64;

/**
 * Finds any of many texts at once (S. Wu, U. Manber, "A fast algorithm for multi-pattern searching", 1994): where the three
 * last characters of a window end no text, the window is moved by as much as they allow. Measured with 20 secrets in all
 * their forms: 8 KB of prose in 3 µs where the shortest has 24 characters, in 10 µs where it has 8; with 200 in 3.5 and 16.
 */
export class TextMatcher {
  readonly #texts: readonly string[];
  readonly #window: number;
  readonly #mask: number;
  readonly #shifts: Uint8Array;
  readonly #endings = new Map<number, number[]>();

  /** Texts of fewer than three characters are found nowhere. */
  constructor(texts: readonly string[]) {
    this.#texts = texts;
    const lengths = texts.map(({ length }) => length).filter((length) => length >= GRAM);
    this.#window = lengths.length === 0 ? 0 : Math.min(MOST_WINDOW, ...lengths);
    const grams = lengths.length * this.#window;
    // Eight places a gram: one window in eight is looked at for nothing, at worst.
    this.#mask = 2 ** Math.min(22, Math.max(12, Math.ceil(Math.log2(grams * 8 + 1)))) - 1;
    this.#shifts = new Uint8Array(this.#window === 0 ? 0 : this.#mask + 1).fill(this.#window - GRAM + 1);
    texts.forEach((text, index) => {
      if (text.length >= GRAM) this.#learn(text, index);
    });
  }

  #learn(text: string, index: number): void {
    for (let end = GRAM - 1; end < this.#window; end++) {
      const gram = this.#gram(text, end);
      this.#shifts[gram] = Math.min(this.#shifts[gram]!, this.#window - 1 - end);
      if (end < this.#window - 1) continue;
      const same = this.#endings.get(gram);
      if (same) same.push(index);
      else this.#endings.set(gram, [index]);
    }
  }

  #gram(text: string, end: number): number {
    return ((text.charCodeAt(end - 2) << 10) ^ (text.charCodeAt(end - 1) << 5) ^ text.charCodeAt(end)) & this.#mask;
  }

  /** The first one that begins at `from` or later. */
  find(text: string, from = 0): TextMatch | undefined {
    if (this.#window === 0) return undefined;
    const shifts = this.#shifts;
    const mask = this.#mask;
    const { length } = text;
    let end = from + this.#window - 1;
    while (end < length) {
      const gram = ((text.charCodeAt(end - 2) << 10) ^ (text.charCodeAt(end - 1) << 5) ^ text.charCodeAt(end)) & mask;
      const shift = shifts[gram]!;
      if (shift > 0) {
        end += shift;
        continue;
      }
      const found = this.#longestAt(text, end - this.#window + 1, gram);
      if (found) return found;
      end++;
    }
    return undefined;
  }

  #longestAt(text: string, at: number, gram: number): TextMatch | undefined {
    let longest: number | undefined;
    for (const index of this.#endings.get(gram) ?? [])
      if (
        text.startsWith(this.#texts[index]!, at) &&
        this.#texts[index]!.length > (this.#texts[longest ?? -1]?.length ?? 0)
      )
        longest = index;
    return longest === undefined ? undefined : { at, end: at + this.#texts[longest]!.length, index: longest };
  }
}
