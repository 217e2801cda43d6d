// Control and format characters (line breaks, escapes, directions of writing, joiners) and what only looks like a space.
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]|(?! )\p{Zs}/gu;

/** A text that others wrote, as nothing but what can be read of it: no part of it moves the cursor, hides, or turns around. */
export const plainly = (text: string): string =>
  text.replaceAll(hidden, (one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`);

/** The same for a text of several lines. */
export const linesPlainly = (text: string): string => text.split("\n").map(plainly).join("\n");
