import { oneLine } from "./outline.ts";

type Value = string | number;

const texts = new Map([
  [0x010e, "description"],
  [0x010f, "maker"],
  [0x0110, "camera"],
  [0x0131, "software"],
  [0x0132, "modified"],
  [0x013b, "author"],
  [0x8298, "copyright"],
  [0x9003, "taken"],
  [0x9286, "comment"],
  [0x9c9b, "title"],
  [0x9c9c, "comment"],
  [0x9c9d, "author"],
  [0x9c9e, "keywords"],
  [0x9c9f, "subject"],
  [0xa434, "lens"],
]);
const orientation = 0x0112;
const exifPointer = 0x8769;
const gpsPointer = 0x8825;
const mostFields = 256;
const longest = 4000;

/** What a camera wrote beside the picture: a TIFF structure as it stands in JPEG, PNG and WebP. Nothing where it is damaged. */
export function readExif(bytes: Uint8Array): Record<string, Value> {
  const found: Record<string, Value> = {};
  try {
    const tiff = new Tiff(bytes);
    const pointers = tiff.readFields(tiff.first, found);
    // Only what the first directory points at: there is no way round in circles.
    if (pointers.exif !== undefined) tiff.readFields(pointers.exif, found);
    if (pointers.gps !== undefined) tiff.readPlace(pointers.gps, found);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
  }
  return found;
}

interface Field {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  /** Where its value stands. */
  readonly at: number;
}

const sizes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8];

class Tiff {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #isLittle: boolean;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#isLittle = this.#view.getUint16(0) === 0x4949;
    if (this.#view.getUint16(2, this.#isLittle) !== 42) throw new RangeError("no TIFF structure");
  }

  get first(): number {
    return this.#view.getUint32(4, this.#isLittle);
  }

  readFields(at: number, found: Record<string, Value>): { readonly exif?: number; readonly gps?: number } {
    const pointers: { exif?: number; gps?: number } = {};
    for (const field of this.#fields(at)) {
      const name = texts.get(field.tag);
      if (field.tag === exifPointer) pointers.exif = this.#view.getUint32(field.at, this.#isLittle);
      else if (field.tag === gpsPointer) pointers.gps = this.#view.getUint32(field.at, this.#isLittle);
      else if (field.tag === orientation) found["orientation"] = this.#view.getUint16(field.at, this.#isLittle);
      else if (name !== undefined) {
        const text = oneLine(this.#text(field));
        if (text !== "") found[name] ??= /^(?:taken|modified)$/.test(name) ? isoDate(text) : text;
      }
    }
    return pointers;
  }

  readPlace(at: number, found: Record<string, Value>): void {
    const fields = new Map(this.#fields(at).map((field) => [field.tag, field]));
    for (const [name, sign, angle] of [
      ["latitude", 1, 2],
      ["longitude", 3, 4],
    ] as const) {
      const direction = fields.get(sign);
      const field = fields.get(angle);
      if (!direction || field?.type !== 5 || field.count !== 3) continue;
      const [degrees, minutes, seconds] = [0, 8, 16].map((offset) => this.#ratio(field.at + offset)) as [
        number,
        number,
        number,
      ];
      const value = degrees + minutes / 60 + seconds / 3600;
      const isNegative = /[SW]/.test(this.#text(direction));
      if (Number.isFinite(value)) found[name] = Math.round((isNegative ? -value : value) * 1e6) / 1e6;
    }
  }

  #fields(at: number): Field[] {
    const count = Math.min(mostFields, this.#view.getUint16(at, this.#isLittle));
    return Array.from({ length: count }, (_, index) => {
      const entry = at + 2 + 12 * index;
      const type = this.#view.getUint16(entry + 2, this.#isLittle);
      const values = this.#view.getUint32(entry + 4, this.#isLittle);
      const isInside = (sizes[type] ?? 0) * values <= 4;
      return {
        tag: this.#view.getUint16(entry, this.#isLittle),
        type,
        count: values,
        at: isInside ? entry + 8 : this.#view.getUint32(entry + 8, this.#isLittle),
      };
    });
  }

  #ratio(at: number): number {
    return this.#view.getUint32(at, this.#isLittle) / this.#view.getUint32(at + 4, this.#isLittle);
  }

  #text({ tag, count, at }: Field): string {
    const raw = this.#bytes.subarray(at, at + Math.min(count, longest));
    const isWide = tag >= 0x9c9b && tag <= 0x9c9f;
    if (tag !== 0x9286) return trimZeros(new TextDecoder(isWide ? "utf-16le" : "utf-8").decode(raw));
    // Eight bytes say the comment's encoding.
    const isUnicode = new TextDecoder().decode(raw.subarray(0, 7)) === "UNICODE";
    const encoding = isUnicode ? (this.#isLittle ? "utf-16le" : "utf-16be") : "utf-8";
    return trimZeros(new TextDecoder(encoding).decode(raw.subarray(8)));
  }
}

const trimZeros = (text: string): string => text.split("\0", 1)[0]!;

/** `2026:03:14 15:09:26` as ISO 8601. */
const isoDate = (text: string): string => text.replace(/^(\d{4}):(\d{2}):(\d{2}) (\d{2}:\d{2}:\d{2})$/, "$1-$2-$3T$4");
