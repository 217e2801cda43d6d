import type { Outline } from "./outline.ts";

/** A piece of text on a page, as PDF.js tells it; marks of the structure have none. */
interface Item {
  readonly str?: string;
  readonly height?: number;
  readonly hasEOL?: boolean;
  readonly transform?: readonly number[];
}

interface Line {
  text: string;
  /** Of its largest letters, in the page's units. */
  height: number;
  readonly y: number;
}

/** The lines of one page, as they were set. */
export class PageText {
  readonly #lines: Line[] = [];
  #line: Line | undefined;
  #left: number;

  constructor(maxChars: number) {
    this.#left = maxChars;
  }

  /** False: no more is taken. */
  take(items: readonly Item[]): boolean {
    for (const { str = "", height = 0, hasEOL = false, transform } of items) {
      this.#line ??= { text: "", height: 0, y: transform?.[5] ?? 0 };
      this.#line.text += str;
      this.#left -= str.length + 1;
      if (str.trim() !== "") this.#line.height = Math.max(this.#line.height, height);
      if (hasEOL) this.#end();
    }
    return this.#left > 0;
  }

  /** A line that is larger than most of the page is a heading; a gap between lines ends a paragraph. */
  writeTo(outline: Outline, at: number): void {
    this.#end();
    const usual = usualHeight(this.#lines);
    outline.open("", { at });
    let above: Line | undefined;
    for (const line of this.#lines) {
      const isHeading = line.height > usual * 1.15 && line.text.length < 150 && this.#lines.length > 2;
      if (isHeading) outline.open(line.text, { at });
      else if (above && Math.abs(above.y - line.y) > 1.8 * Math.max(line.height, above.height)) outline.add("\n");
      outline.add(`${line.text}\n`);
      above = line;
    }
  }

  #end(): void {
    if (this.#line && this.#line.text.trim() !== "") this.#lines.push(this.#line);
    this.#line = undefined;
  }
}

function usualHeight(lines: readonly Line[]): number {
  const chars = new Map<number, number>();
  for (const { height, text } of lines) {
    const rounded = Math.round(height * 2) / 2;
    chars.set(rounded, (chars.get(rounded) ?? 0) + text.length);
  }
  let usual = 0;
  for (const [height, count] of chars) if (count > (chars.get(usual) ?? 0)) usual = height;
  return usual;
}
