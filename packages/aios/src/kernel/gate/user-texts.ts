/** Characters that are kept of what people have told a process: what is more is forgotten, the oldest first, and vouches no more. */
const MAX_CHARS = 65_536;

export function withText(texts: readonly string[], text: string): readonly string[] {
  if (text === "" || texts.includes(text)) return texts;
  const kept = [text.slice(-MAX_CHARS)];
  let chars = kept[0]?.length ?? 0;
  for (const one of texts.toReversed()) {
    chars += one.length;
    if (chars > MAX_CHARS) break;
    kept.unshift(one);
  }
  return kept;
}

/** Texts in a message's body, or in what else is JSON. */
export function textsIn(value: unknown, depth = 0): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "number") return [String(value)];
  if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return [];
  return Object.values(value).flatMap((one) => textsIn(one, depth + 1));
}

const MAX_DEPTH = 32;
