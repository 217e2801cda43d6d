/** Whether a text is one of these; `*` in a pattern stands for any text. Without patterns all are. */
export function matcherOf(patterns: readonly string[] | undefined): (text: string) => boolean {
  if (!patterns || patterns.length === 0) return () => true;
  const wanted = patterns.map((pattern) => pattern.split("*"));
  return (text) => wanted.some((pieces) => matches(pieces, text));
}

/** What stands between the stars, each where it comes first: no pattern takes longer than text × pattern. */
function matches(pieces: readonly string[], text: string): boolean {
  const [first = "", ...rest] = pieces;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
