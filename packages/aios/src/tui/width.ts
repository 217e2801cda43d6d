/** Ideographs, kana, hangul, full-width forms and emoji take two columns of a terminal. */
const wide =
  /^(?:[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{1B000}-\u{1B2FF}\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation})/u;
/** Combining marks, joiners, variation selectors and control characters take none. */
const zero = /^[\p{Mark}\p{Cc}\p{Cf}]/u;
// oxlint-disable-next-line no-control-regex -- escape sequences are what is matched
const escapes = /\u001B\[[0-9;]*m/g;
const isAscii = /^[\u0020-\u007E]*$/;
const segmenter = new Intl.Segmenter();

/** Columns that `text` takes on a terminal; colour sequences take none. */
export function widthOf(text: string): number {
  const bare = text.includes("\u001B") ? text.replace(escapes, "") : text;
  if (isAscii.test(bare)) return bare.length;
  let width = 0;
  for (const { segment } of segmenter.segment(bare)) width += widthOfGrapheme(segment);
  return width;
}

/** At most `width` columns of plain text; what is cut away is marked by "…". */
export function fit(text: string, width: number): string {
  if (width <= 0) return "";
  if (widthOf(text) <= width) return text;
  let cut = "";
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const next = widthOfGrapheme(segment);
    if (used + next > width - 1) break;
    cut += segment;
    used += next;
  }
  return `${cut}…`;
}

/** Exactly `width` columns: cut or filled with spaces. */
export function pad(text: string, width: number, align: "left" | "right" = "left"): string {
  const cut = widthOf(text) > width ? fit(text, width) : text;
  const space = " ".repeat(Math.max(0, width - widthOf(cut)));
  return align === "left" ? cut + space : space + cut;
}

/** Lines of at most `width` columns, broken at spaces where there are some, else between graphemes (Chinese). */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/(?<= )|(?<=[\u3000-\u303F\uFF01-\uFF60])/u)) {
    if (line && widthOf(line + word.trimEnd()) > width) {
      lines.push(line.trimEnd());
      line = "";
    }
    for (const { segment } of segmenter.segment(word)) {
      if (widthOf(line + segment.trimEnd()) > width) {
        lines.push(line.trimEnd());
        line = "";
      }
      line += segment;
    }
  }
  if (line.trimEnd()) lines.push(line.trimEnd());
  return lines;
}

function widthOfGrapheme(grapheme: string): number {
  if (wide.test(grapheme) || grapheme.includes("\uFE0F")) return 2;
  return zero.test(grapheme) ? 0 : 1;
}
