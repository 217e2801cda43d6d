import type { Section } from "./extracted.ts";
import { Outline } from "./outline.ts";

interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
}

export interface LineHeading {
  readonly name: string;
  /** 1 is the highest. */
  readonly level: number;
  /** Lines before this one that belong to it: a comment above a definition. */
  readonly before?: number;
}

interface Outlined {
  readonly sections: readonly Section[];
  readonly isCut: boolean;
  readonly firstHeading: string | undefined;
}

/** No pattern is tried on a longer line: nobody wrote it by hand. */
const longestLine = 400;

/** Cuts a text at the lines that begin a section; `headingOf` is asked for each line that is not too long for a heading. */
export function outlineLines(
  text: string,
  maxChars: number,
  headingOf: (line: Line, before: readonly string[]) => LineHeading | undefined,
): Outlined {
  const outline = new Outline(maxChars);
  const lines = text.split("\n");
  let written = 0;
  const writeUntil = (end: number): void => {
    if (end > written) outline.add(`${lines.slice(written, end).join("\n")}${end < lines.length ? "\n" : ""}`);
    written = Math.max(written, end);
  };
  for (const [at, line] of lines.entries()) {
    if (outline.isCut) break;
    if (line.length > longestLine) continue;
    const heading = headingOf({ text: line, number: at + 1 }, lines.slice(Math.max(written, at - 2), at));
    if (heading === undefined) continue;
    const start = Math.max(written, at - (heading.before ?? 0));
    writeUntil(start);
    outline.open(heading.name, { at: start + 1, level: heading.level });
  }
  writeUntil(lines.length);
  return { sections: outline.sections, isCut: outline.isCut, firstHeading: outline.firstHeading };
}
