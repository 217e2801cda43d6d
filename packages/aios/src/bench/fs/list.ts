/** A phrase a line. */
export const list = (lines: string): readonly string[] =>
  lines
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

/** A word a gap. */
export const each = (words: string): readonly string[] => list(words.replaceAll(" ", "\n"));
