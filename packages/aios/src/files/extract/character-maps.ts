/**
 * The tables of characters that PDF files name and do not hold, mostly Chinese, Japanese and Korean ones without a font of
 * their own. They lead from codes to the glyphs of a collection, and from these to Unicode. No glyph is drawn here, so ours
 * call each glyph by its character in Unicode: the engine's decoders say all that the tables would.
 */
export class CharacterMaps {
  /** As PDF.js asks for it. @throws Error for a table that is not known: that font's text stays as it is. */
  async fetch({ filename }: { readonly filename: string }): Promise<Uint8Array> {
    const map = mapOf(filename);
    if (map === undefined) throw new Error(`no table of characters of this name: ${filename}`);
    return new TextEncoder().encode(map);
  }
}

interface Encoding {
  readonly label: string;
  /** First and last code, in hexadecimal: of one byte, of two. */
  readonly ranges: readonly (readonly [string, string])[];
}

const encodings: readonly (readonly [RegExp, Encoding])[] = [
  [
    /^GB(?:K|K2K|Kp|pc)?(?:-EUC)?-[HV]$/,
    {
      label: "gb18030",
      ranges: [
        ["00", "80"],
        ["8140", "fefe"],
      ],
    },
  ],
  [
    /B5(?:pc)?-[HV]$/,
    {
      label: "big5",
      ranges: [
        ["00", "80"],
        ["8140", "fefe"],
      ],
    },
  ],
  [
    /RKSJ-[HV]$/,
    {
      label: "shift_jis",
      ranges: [
        ["00", "80"],
        ["a0", "df"],
        ["8140", "9ffc"],
        ["e040", "fcfc"],
      ],
    },
  ],
  [
    /^EUC-[HV]$/,
    {
      label: "euc-jp",
      ranges: [
        ["00", "80"],
        ["8ea0", "8edf"],
        ["a1a1", "fefe"],
      ],
    },
  ],
  [
    /^KSC(?:ms|pc)?-(?:EUC|UHC)(?:-HW)?-[HV]$/,
    {
      label: "euc-kr",
      ranges: [
        ["00", "80"],
        ["8141", "fefe"],
      ],
    },
  ],
];

function mapOf(name: string): string | undefined {
  if (/^Adobe-(?:GB1|CNS1|Japan1|Korea1)-UCS2$/.test(name)) return toUnicode();
  if (/^Uni(?:GB|CNS|JIS|JIS2004|JISPro|KS)-(?:UCS2|UTF16)(?:-HW)?-[HV]$/.test(name))
    return table([["0000", "ffff"]], "1 begincidrange\n<0000> <ffff> 0\nendcidrange");
  const [, encoding] = encodings.find(([names]) => names.test(name)) ?? [];
  return encoding && table(encoding.ranges, charactersOf(encoding));
}

/** Each glyph is its character; a range may not reach over the end of the last byte. */
function toUnicode(): string {
  const ranges = Array.from({ length: 256 }, (_, high) => {
    const start = high.toString(16).padStart(2, "0");
    return `<${start}00> <${start}ff> <${start}00>`;
  });
  return table([["0000", "ffff"]], `256 beginbfrange\n${ranges.join("\n")}\nendbfrange`);
}

function charactersOf({ label, ranges }: Encoding): string {
  const decoder = new TextDecoder(label);
  const lines: string[] = [];
  for (const [first, last] of ranges)
    for (let code = Number.parseInt(first, 16); code <= Number.parseInt(last, 16); code++) {
      const bytes = first.length === 2 ? [code] : [code >> 8, code & 0xff];
      const text = decoder.decode(Uint8Array.from(bytes));
      if (text.length === 1 && text !== "\ufffd")
        lines.push(`<${code.toString(16).padStart(first.length, "0")}> ${text.charCodeAt(0)}`);
    }
  return `${lines.length} begincidchar\n${lines.join("\n")}\nendcidchar`;
}

const table = (ranges: Encoding["ranges"], body: string): string =>
  `begincmap
${ranges.length} begincodespacerange
${ranges.map(([first, last]) => `<${first}> <${last}>`).join("\n")}
endcodespacerange
${body}
endcmap
`;
