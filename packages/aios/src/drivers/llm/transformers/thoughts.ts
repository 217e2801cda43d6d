const [opens, closes] = ["<think>", "</think>"];

/** A piece of an answer, taken apart. */
interface Parted {
  readonly reasoning: string;
  readonly text: string;
}

/**
 * Tells what a model thinks from what it says. Most models that think write it so: `<think>` at the very beginning, or at
 * the end of the prompt, and `</think>` before the answer. Anything else is text.
 */
export class Thoughts {
  #at: "beginning" | "thought" | "gap" | "text";
  #held = "";

  constructor({ isOpen }: { isOpen: boolean }) {
    this.#at = isOpen ? "thought" : "beginning";
  }

  take(piece: string): Parted {
    this.#held += piece;
    if (this.#at === "beginning") {
      const start = this.#held.trimStart();
      if (opens.startsWith(start.slice(0, opens.length))) {
        if (start.length < opens.length) return nothing;
        this.#held = start.slice(opens.length);
        this.#at = "thought";
      } else this.#at = "text";
    }
    let reasoning = "";
    if (this.#at === "thought") {
      const end = this.#held.indexOf(closes);
      if (end < 0) return { reasoning: this.#release(heldBack(this.#held)), text: "" };
      reasoning = this.#held.slice(0, end);
      this.#held = this.#held.slice(end + closes.length);
      this.#at = "gap";
    }
    if (this.#at === "gap") {
      this.#held = this.#held.trimStart();
      if (this.#held !== "") this.#at = "text";
    }
    return { reasoning, text: this.#release(0) };
  }

  /** What was held back, when nothing comes any more. */
  rest(): Parted {
    const held = this.#release(0);
    return this.#at === "thought" ? { reasoning: held, text: "" } : { reasoning: "", text: held };
  }

  #release(keep: number): string {
    const told = this.#held.slice(0, this.#held.length - keep);
    this.#held = this.#held.slice(told.length);
    return told;
  }
}

const nothing: Parted = { reasoning: "", text: "" };

/** How many characters at the end may be the beginning of what closes a thought. */
function heldBack(held: string): number {
  for (let size = Math.min(held.length, closes.length - 1); size > 0; size--)
    if (held.endsWith(closes.slice(0, size))) return size;
  return 0;
}
