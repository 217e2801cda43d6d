/** Control characters and line separators; and what is not seen but changes how text reads (bidi controls, tags). */
const breaks = /[\p{Cc}\p{Zl}\p{Zp}\s]+/gu;
const unprintable = /[^\P{Cc}\n\t]/gu;
const hidden = /[\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF\u{E0000}-\u{E007F}]/gu;

/** At most `max` UTF-16 units, cut between characters. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 1 : max);
}

/** One line without control characters and hidden ones, at most `max` UTF-16 units; what is cut away is marked by "…". */
export function oneLine(text: string, max: number): string {
  // Four times: white space of a long text may collapse.
  const line = clip(text, max * 4)
    .toWellFormed()
    .replace(hidden, "")
    .replace(breaks, " ")
    .trim();
  return line.length <= max ? line : `${clip(line, max - 1).trimEnd()}…`;
}

/** Text without control characters, but for line breaks and tabs, and without hidden ones; at most `max` UTF-16 units. */
export const plain = (text: string, max: number): string =>
  clip(text.toWellFormed().replace(hidden, "").replaceAll("\r\n", "\n").replace(unprintable, " ").trim(), max);

/** Each one line of at most `longest` units, the first of those that differ in case alone, `most` of them. */
export function distinct(texts: Iterable<string>, { most, longest }: { most: number; longest: number }): string[] {
  const kept = new Map<string, string>();
  for (const text of texts) {
    if (kept.size >= most) break;
    const line = oneLine(text, longest);
    if (line && !kept.has(line.toLowerCase())) kept.set(line.toLowerCase(), line);
  }
  return [...kept.values()];
}
