/** Ends a text before the first of some texts, wherever the pieces that it comes in begin and end. */
export class StopTexts {
  readonly #texts: readonly string[];
  #held = "";
  #isStopped = false;

  constructor(texts: readonly string[]) {
    this.#texts = texts;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** What of the text so far can be told: all but an end that may yet become one of the texts. */
  take(piece: string): string {
    if (this.#isStopped) return "";
    this.#held += piece;
    const found = this.#texts.map((text) => this.#held.indexOf(text)).filter((at) => at >= 0);
    if (found.length > 0) {
      this.#isStopped = true;
      return this.#held.slice(0, Math.min(...found));
    }
    const keep = Math.max(0, ...this.#texts.map((text) => beginning(this.#held, text)));
    const told = this.#held.slice(0, this.#held.length - keep);
    this.#held = this.#held.slice(told.length);
    return told;
  }

  /** What was held back, when nothing comes any more. */
  rest(): string {
    return this.#isStopped ? "" : this.#held;
  }
}

/** How many characters at the end of one text are the beginning of the other. */
function beginning(held: string, text: string): number {
  for (let size = Math.min(held.length, text.length - 1); size > 0; size--)
    if (held.endsWith(text.slice(0, size))) return size;
  return 0;
}
