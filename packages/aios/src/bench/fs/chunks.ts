const TARGET_CHARS = 1_200;

/**
 * What of a file is indexed, in pieces of about 1,200 characters that end where a line or a sentence does. The only place where
 * a file's bytes become text to be found.
 */
export function chunksOf(text: string): string[] {
  const chunks: string[] = [];
  for (let at = 0; at < text.length;) {
    const end = endOf(text, at);
    chunks.push(text.slice(at, end));
    at = end;
  }
  return chunks;
}

/** The last end of a line in the second half of what fits, or else of a sentence, or else all that fits. */
function endOf(text: string, from: number): number {
  const most = from + TARGET_CHARS;
  if (most >= text.length) return text.length;
  const half = from + TARGET_CHARS / 2;
  for (const mark of ["\n", "。", ". ", " "]) {
    const place = text.lastIndexOf(mark, most - mark.length);
    if (place >= half) return place + mark.length;
  }
  // Never between the two halves of a character.
  return /[\uD800-\uDBFF]/.test(text[most - 1] ?? "") ? most - 1 : most;
}
