// Control and format characters (line breaks, escapes, directions of writing, joiners), and what only looks like a space.
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]|(?! )\p{Zs}/gu;

/** A sentence for people, with what others wrote in it: no part of it hides, turns around, or moves a cursor, whoever shows it. */
export const shown = (text: string): string =>
  text.replaceAll(hidden, (one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`);
