import type { Section } from "./extracted.ts";

interface Heading {
  readonly name: string;
  readonly level: number;
}

const longestHeading = 200;
const mostSections = 20_000;

/** Gathers the text of a file by its headings, and no more of it than is asked for. */
export class Outline {
  readonly #sections: Section[] = [];
  readonly #around: Heading[] = [];
  #heading = "";
  #at = 1;
  #pieces: string[] = [];
  #left: number;
  #isCut = false;

  constructor(maxChars: number) {
    this.#left = maxChars;
  }

  /** Nothing more is taken. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Begins a section; one of a lower level stands inside those of a higher one (1 is the highest). */
  open(name: string, { at, level = 1 }: { readonly at?: number; readonly level?: number } = {}): void {
    this.#close();
    while ((this.#around.at(-1)?.level ?? 0) >= level) this.#around.pop();
    const short = oneLine(name);
    if (short !== "") this.#around.push({ name: short, level });
    // Three names tell enough, however deep it goes.
    this.#heading = this.#around
      .slice(-3)
      .map((heading) => heading.name)
      .join(" › ");
    this.#at = at ?? this.#sections.length + 1;
  }

  add(text: string): void {
    if (this.#isCut) return;
    if (text.length > this.#left || this.#sections.length >= mostSections) this.#isCut = true;
    const taken = this.#isCut ? text.slice(0, endOfWhole(text, this.#left)) : text;
    this.#left -= taken.length;
    if (taken !== "") this.#pieces.push(taken);
  }

  /** The first heading that was opened. */
  get firstHeading(): string | undefined {
    return this.sections.find((section) => section.heading !== "")?.heading;
  }

  get sections(): readonly Section[] {
    this.#close();
    return this.#sections;
  }

  #close(): void {
    const text = this.#pieces.join("");
    this.#pieces = [];
    if (text.trim() !== "") this.#sections.push({ heading: this.#heading, text, at: this.#at });
  }
}

/** One line of at most 200 characters. */
export const oneLine = (text: string): string =>
  text
    .slice(0, 4 * longestHeading)
    .replaceAll(/\s+/gu, " ")
    .trim()
    .slice(0, longestHeading);

/** No half of a pair of surrogates stays. */
export const endOfWhole = (text: string, end: number): number =>
  end > 0 && end < text.length && /[\uD800-\uDBFF]/.test(text.charAt(end - 1)) ? end - 1 : end;
