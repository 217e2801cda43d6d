/** Opening marks and what closes them. */
const pairs: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  "`": "`",
  "“": "”",
  "‘": "’",
  "「": "」",
  "『": "』",
  "《": "》",
};
/** Characters for private use stand for what is quoted; as many may be. */
const FIRST = 0xe000;
const MOST = 0x1000;

export const quotedMark = "[\\uE000-\\uEFFF]";

export interface Unquoted {
  /** The text with one mark for each quotation. */
  readonly text: string;
  /** Where a quotation begins that does not end. */
  readonly open?: string;
  /** What a mark stands for: the content, or all as it was written. */
  readonly content: (mark: string) => string | undefined;
  /** Of all quotations, in their order. */
  readonly contents: readonly string[];
  readonly restored: (text: string) => string;
}

/**
 * Takes quotations out of a text, so that nothing in them is read as a word of the request. Before the mark that ends it, and
 * before itself, a backslash quotes. A straight single quote begins one only behind a space, and ends it only before no letter.
 */
export function unquote(text: string): Unquoted {
  const quotations: { content: string; written: string }[] = [];
  let rest = "";
  let open: string | undefined;
  /** Closing marks that do not come any more. */
  const missing = new Set<string>();
  for (let index = 0; index < text.length;) {
    const character = text[index] ?? "";
    const found = isMark(character)
      ? { content: character, end: index + 1 }
      : beginsQuotation(text, index) && !missing.has(pairs[character] ?? "")
        ? quotationAt(text, index, pairs[character] ?? "")
        : undefined;
    if (found && quotations.length < MOST) {
      rest += String.fromCharCode(FIRST + quotations.length);
      quotations.push({ content: found.content, written: text.slice(index, found.end) });
      index = found.end;
      continue;
    }
    if (!found && beginsQuotation(text, index)) {
      missing.add(pairs[character] ?? "");
      if (character !== "'") open ??= text.slice(index);
    }
    rest += character;
    index++;
  }
  const at = (mark: string) => quotations[mark.charCodeAt(0) - FIRST];
  return {
    text: rest,
    ...(open === undefined ? {} : { open }),
    content: (mark) => (mark.length === 1 ? at(mark)?.content : undefined),
    contents: quotations.map(({ content }) => content),
    restored: (part) => part.replaceAll(new RegExp(quotedMark, "g"), (mark) => at(mark)?.written ?? mark),
  };
}

/** Text as a quotation that `unquote` reads again. */
export const quote = (text: string): string => `"${text.replaceAll(/["\\]/g, "\\$&")}"`;

const isMark = (character: string): boolean => /[\uE000-\uF8FF]/.test(character);

function beginsQuotation(text: string, index: number): boolean {
  const character = text[index] ?? "";
  if (!Object.hasOwn(pairs, character)) return false;
  return character !== "'" || index === 0 || /[\s(（：:，,]/.test(text[index - 1] ?? "");
}

function quotationAt(text: string, start: number, closing: string): { content: string; end: number } | undefined {
  let content = "";
  for (let index = start + 1; index < text.length; index++) {
    const character = text[index] ?? "";
    const next = text[index + 1] ?? "";
    if (character === "\\" && (next === closing || next === "\\")) {
      content += next;
      index++;
    } else if (character === closing && (closing !== "'" || !/[\p{L}\p{N}]/u.test(next)))
      return { content, end: index + 1 };
    else content += character;
  }
  return undefined;
}
