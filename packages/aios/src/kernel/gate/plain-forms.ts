// Each layer of hiding is taken off; what hides deeper than this is shown by no reader either.
const MAX_LAYERS = 3;

/** A text as it stands and as readers of it may understand it: without what is not seen, entities and percent signs decoded. */
export function plainForms(text: string): readonly string[] {
  const forms = [seen(text)];
  for (let layer = 0; layer < MAX_LAYERS; layer++) {
    const last = forms.at(-1)!;
    const found = decoded(last);
    const next = found === last ? last : seen(found);
    if (next === last) break;
    forms.push(next);
  }
  return forms;
}

/** Compatible characters as one, invisible ones gone, whatever serves as a dot a dot. */
const seen = (text: string): string =>
  (/^[\t-\r\x20-\x7e]*$/.test(text) ? text : visible(text))
    .toLowerCase()
    .replace(/\s?[[({]\s?(?:\.|dot)\s?[\])}]\s?/g, ".")
    .replace(/\bh(?:xx|\*\*)p(s?)(?=:)/g, "http$1");

const visible = (text: string): string =>
  text
    .normalize("NFKC")
    .replace(/(?![\t-\r])[\p{Cc}\p{Cf}\p{DI}]/gu, "")
    // U+3002 ends sentences too, mostly between characters that are no letters of a host.
    .replace(/(?<=[a-z0-9])[\u3002\uff61](?=[a-z0-9])|[\u3002\uff61](?=[^\s\u3002]{1,63}\/)/gi, ".")
    .replace(/[\u2024\ufe52\uff0e]/g, ".")
    .replace(/[\u2044\u2215\u29f8\ufe68]/g, (sign) => (sign === "\ufe68" ? "\\" : "/"));

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  period: ".",
  colon: ":",
  sol: "/",
  bsol: "\\",
  quest: "?",
  equals: "=",
  num: "#",
  commat: "@",
  percnt: "%",
  lpar: "(",
  rpar: ")",
  lbrack: "[",
  rbrack: "]",
  lsqb: "[",
  rsqb: "]",
  hyphen: "-",
  dash: "-",
  lowbar: "_",
  tab: "",
  newline: "",
  quot: '"',
  apos: "'",
  lt: "<",
  gt: ">",
  nbsp: " ",
  shy: "",
  zwnj: "",
  zwj: "",
  zerowidthspace: "",
};

function decoded(text: string): string {
  if (!/[&%]/.test(text)) return text;
  const plain = text
    .replace(/&#(?:x0*([0-9a-f]{1,6})|0*(\d{1,7}));?/g, (all, hex?: string, decimal?: string) => {
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code > 0 && code <= 0x10_ff_ff ? String.fromCodePoint(code) : all;
    })
    .replace(/&([a-z]{2,14});?/g, (all, name: string) => (Object.hasOwn(entities, name) ? entities[name]! : all));
  return plain.replace(/(?:%[0-9a-f]{2})+/g, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      // No UTF-8: byte by byte, as lenient readers do.
      return run.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    }
  });
}
