const utf8 = new TextEncoder();
const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const alphabets = [`${plain}+/`, `${plain}-_`] as const;
/** Below this a form would be found in texts that have nothing to do with it. */
const SHORTEST_FORM = 8;

/**
 * The texts in which a value gives itself away: itself, inside of JSON, URL-encoded, in hexadecimal, and in base64 at each
 * of the three alignments that it can have within something longer. Not those that nobody writes by accident: reversed,
 * encrypted, cut in pieces.
 */
export function secretForms(value: string): readonly string[] {
  const bytes = utf8.encode(value);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
  const url = urlForm(bytes, /[A-Za-z0-9\-_.!~*'()]/);
  const form = urlForm(bytes, /[A-Za-z0-9\-_.*]/).replaceAll("%20", "+");
  const every = [
    value,
    JSON.stringify(value).slice(1, -1),
    url,
    lowerEscapes(url),
    form,
    lowerEscapes(form),
    hex.join(""),
    hex.join("").toUpperCase(),
    ...alphabets.flatMap((alphabet) => [0, 1, 2].map((before) => base64Within(bytes, before, alphabet))),
    ...linesOf(value),
  ];
  return [...new Set(every)].filter(({ length }) => length >= SHORTEST_FORM);
}

function urlForm(bytes: Uint8Array, kept: RegExp): string {
  const one = (byte: number): string => {
    const character = String.fromCharCode(byte);
    return byte < 128 && kept.test(character) ? character : escapeOf(byte);
  };
  return Array.from(bytes, one).join("");
}

const escapeOf = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
const lowerEscapes = (text: string): string => text.replaceAll(/%[0-9A-F]{2}/g, (escaped) => escaped.toLowerCase());

/** The characters that are the value's alone when `before` bytes, modulo 3, stand in front of it, whatever they and what follows are. */
function base64Within(bytes: Uint8Array, before: number, alphabet: string): string {
  const bit = (at: number): number => ((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1;
  const first = Math.ceil((before * 8) / 6);
  const end = Math.floor(((before + bytes.length) * 8) / 6);
  let text = "";
  for (let character = first; character < end; character++) {
    let index = 0;
    for (let place = 0; place < 6; place++) index = index * 2 + bit(character * 6 + place - before * 8);
    text += alphabet[index];
  }
  return text;
}

/** Of a value with several lines, such as a private key, those that are no words: logs put something before each line. */
const linesOf = (value: string): readonly string[] =>
  /[\r\n]/.test(value)
    ? value
        .split(/[\r\n]+/)
        .map((line) => line.trim())
        .filter((line) => line.length >= 16 && !/\s|^-----/.test(line))
    : [];

/**
 * Whether a text of the environment is a key rather than a word that somebody wrote where one is asked for, and no key is
 * needed ("not-needed", "sk-no-key-required"): such words stand in innocent prompts.
 */
export const looksLikeKey = (text: string): boolean =>
  text.length >= 16 && /[0-9]/.test(text) && /[A-Za-z]/.test(text) && !/\s/.test(text);
