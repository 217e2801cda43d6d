import { inflateRawSync } from "node:zlib";
import { Unreadable } from "./extracted.ts";

const mostEntries = 10_000;
const mebibyte = 1024 * 1024;
const usualMost = 96 * mebibyte;

interface Entry {
  readonly method: number;
  readonly isEncrypted: boolean;
  readonly packedBytes: number;
  readonly headerAt: number;
}

/** A zip archive in memory. What its directory claims about sizes is not believed: unpacking stops at the bound. */
export class Zip {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #entries = new Map<string, Entry>();
  readonly #most: number;
  #left: number;

  /**
   * @param mostBytes of all parts together, unpacked: 96 MiB if not told.
   * @throws Unreadable where there is no directory, or one of more than 10,000 entries.
   */
  constructor(bytes: Uint8Array, mostBytes = usualMost) {
    this.#most = mostBytes;
    this.#left = mostBytes;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const end = this.#findEnd();
    const count = this.#view.getUint16(end + 10, true);
    if (count > mostEntries) throw new Unreadable(`an archive of ${count} entries, more than ${mostEntries}`);
    let at = this.#view.getUint32(end + 16, true);
    for (let index = 0; index < count; index++) at = this.#readEntry(at);
  }

  get names(): string[] {
    return [...this.#entries.keys()];
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** Undefined: there is no such part. @throws Unreadable where it is encrypted, damaged or unpacks to too much. */
  read(name: string): Uint8Array | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    if (entry.isEncrypted) throw new Unreadable("encrypted: it opens with a password only");
    const { headerAt, method, packedBytes } = entry;
    this.#check(headerAt, 30);
    const from = headerAt + 30 + this.#view.getUint16(headerAt + 26, true) + this.#view.getUint16(headerAt + 28, true);
    this.#check(from, packedBytes);
    const packed = this.#bytes.subarray(from, from + packedBytes);
    if (method !== 0 && method !== 8) throw new Unreadable(`packed in a way that is not known here (${method})`);
    const unpacked = method === 0 ? packed : this.#inflate(name, packed);
    this.#left -= unpacked.length;
    if (this.#left < 0) throw this.#tooLarge(name);
    return unpacked;
  }

  #inflate(name: string, packed: Uint8Array): Uint8Array {
    try {
      return inflateRawSync(packed, { maxOutputLength: Math.max(1, this.#left) });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw this.#tooLarge(name);
      throw new Unreadable(`damaged: ${name} does not unpack`, { cause });
    }
  }

  #readEntry(at: number): number {
    this.#check(at, 46);
    if (this.#view.getUint32(at, true) !== 0x02014b50) throw damaged();
    const flags = this.#view.getUint16(at + 8, true);
    const nameLength = this.#view.getUint16(at + 28, true);
    const rest = this.#view.getUint16(at + 30, true) + this.#view.getUint16(at + 32, true);
    this.#check(at + 46, nameLength);
    const name = new TextDecoder().decode(this.#bytes.subarray(at + 46, at + 46 + nameLength));
    this.#entries.set(name, {
      method: this.#view.getUint16(at + 10, true),
      isEncrypted: (flags & 1) !== 0,
      packedBytes: this.#view.getUint32(at + 20, true),
      headerAt: this.#view.getUint32(at + 42, true),
    });
    return at + 46 + nameLength + rest;
  }

  #findEnd(): number {
    const last = this.#bytes.length - 22;
    for (let at = last; at >= 0 && at > last - 65_536; at--)
      if (this.#view.getUint32(at, true) === 0x06054b50) return at;
    throw damaged();
  }

  #tooLarge(name: string): Unreadable {
    const most = Math.round(this.#most / mebibyte);
    return new Unreadable(`too large: with ${name} it unpacks to more than ${most} MiB`);
  }

  #check(at: number, length: number): void {
    if (at + length > this.#bytes.length) throw damaged();
  }
}

const damaged = (): Unreadable => new Unreadable("damaged: the archive's directory is not whole");
