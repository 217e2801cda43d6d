import { endOfWhole } from "./outline.ts";

export interface Decoded {
  readonly text: string;
  readonly encoding: string;
  readonly isCut: boolean;
}

const looked = 4096;

/** The bytes as text of at most this many characters, line ends as `\n`; undefined: they are no text. */
export function decodeText(bytes: Uint8Array, maxChars: number): Decoded | undefined {
  const found = encodingOf(bytes);
  if (found === undefined) return undefined;
  const { encoding, skipped } = found;
  const mostBytes = maxChars * 4;
  const isShort = bytes.length - skipped <= mostBytes;
  const part = bytes.subarray(skipped, isShort ? undefined : skipped + mostBytes);
  // `stream`: a character that is cut in two at the end is left out.
  const whole = new TextDecoder(encoding).decode(part, { stream: !isShort }).replaceAll(/\r\n?/g, "\n");
  const text = whole.slice(0, endOfWhole(whole, maxChars));
  return { text, encoding, isCut: !isShort || text.length < whole.length };
}

interface Encoding {
  readonly encoding: string;
  /** Bytes of the mark at the beginning. */
  readonly skipped: number;
}

function encodingOf(bytes: Uint8Array): Encoding | undefined {
  const [first = 0, second = 0, third = 0] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return { encoding: "utf-8", skipped: 3 };
  if (first === 0xff && second === 0xfe) return { encoding: "utf-16le", skipped: 2 };
  if (first === 0xfe && second === 0xff) return { encoding: "utf-16be", skipped: 2 };
  const sample = bytes.subarray(0, looked);
  const zeros = zerosIn(sample);
  if (zeros.even + zeros.odd > 0) {
    // In UTF-16 the upper bytes of letters and spaces are zero, the lower ones are not.
    const enough = sample.length / 20;
    if (zeros.even === 0 && zeros.odd > enough) return { encoding: "utf-16le", skipped: 0 };
    if (zeros.odd === 0 && zeros.even > enough) return { encoding: "utf-16be", skipped: 0 };
    return undefined;
  }
  if (controlsIn(sample) > sample.length / 50) return undefined;
  return { encoding: eightBit(bytes.subarray(0, 64 * looked)), skipped: 0 };
}

function eightBit(sample: Uint8Array): string {
  const options = { stream: true } as const;
  const asUtf8 = new TextDecoder("utf-8").decode(sample, options);
  let strange = 0;
  let broken = 0;
  for (let at = 0; at < asUtf8.length; at++) {
    const code = asUtf8.charCodeAt(at);
    if (code === 0xfffd) broken++;
    else if (code > 0x7f) strange++;
  }
  // A few broken bytes make no other encoding of what is UTF-8 for the rest.
  if (broken * 10 <= strange) return "utf-8";
  try {
    const asChinese = new TextDecoder("gb18030", { fatal: true }).decode(sample, options);
    const han = asChinese.match(/\p{sc=Han}/gu)?.length ?? 0;
    const other = asChinese.match(/[^\p{ASCII}\p{sc=Han}\p{P}\p{S}\p{Z}]/gu)?.length ?? 0;
    if (han > other) return "gb18030";
  } catch {
    // Not the encoding of these bytes.
  }
  return "windows-1252";
}

function zerosIn(bytes: Uint8Array): { readonly even: number; readonly odd: number } {
  let even = 0;
  let odd = 0;
  for (const [at, byte] of bytes.entries()) {
    if (byte !== 0) continue;
    if (at % 2 === 0) even++;
    else odd++;
  }
  return { even, odd };
}

const controlsIn = (bytes: Uint8Array): number =>
  bytes.reduce((sum, byte) => sum + (byte < 0x20 && !(byte >= 0x08 && byte <= 0x0d) && byte !== 0x1b ? 1 : 0), 0);
