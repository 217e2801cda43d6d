/** What the first bytes of a tunnel say of the host that they are for. */
export type ServerName =
  /** Too few bytes to tell. */
  | { readonly is: "more" }
  /** It is no TLS, or TLS that names no host. */
  | { readonly is: "none" }
  | { readonly is: "named"; readonly name: string };

const none: ServerName = { is: "none" };
const more: ServerName = { is: "more" };
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
/** Key shares of today take 2 KB; what is longer than this is no greeting. */
const MOST_BYTES = 64 * 1024;

/**
 * Reads the server name out of a TLS ClientHello (RFC 8446, section 4.1.2; RFC 6066, section 3), which may come in several
 * records. With Encrypted ClientHello this is the outer name, and nobody on the way sees the inner one.
 * @throws RangeError for TLS that is malformed.
 */
export function readServerName(bytes: Buffer): ServerName {
  if (bytes.length === 0) return more;
  if (bytes[0] !== HANDSHAKE) return none;
  if (bytes.length > MOST_BYTES) throw new RangeError("a greeting of more than 64 KB");
  const hello = handshakeOf(bytes);
  if (hello === undefined) return more;
  if (hello[0] !== CLIENT_HELLO) throw new RangeError("a handshake that begins with something else");
  const body = new Reader(hello.subarray(4));
  body.skip(2 + 32);
  body.skip(body.number(1));
  body.skip(body.number(2));
  body.skip(body.number(1));
  if (body.isAtEnd) return none;
  const extensions = new Reader(body.take(body.number(2)));
  while (!extensions.isAtEnd) {
    const type = extensions.number(2);
    const extension = extensions.take(extensions.number(2));
    if (type !== SERVER_NAME) continue;
    const names = new Reader(extension);
    names.skip(2);
    // The one kind there is: a host name.
    if (names.number(1) !== 0) return none;
    return { is: "named", name: names.take(names.number(2)).toString("latin1").toLowerCase() };
  }
  return none;
}

/** The first handshake message, put together from its records; undefined while some of it is missing. */
function handshakeOf(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  let length = 0;
  for (let at = 0; at + 5 <= bytes.length;) {
    if (bytes[at] !== HANDSHAKE) throw new RangeError("another record inside of a greeting");
    const size = bytes.readUInt16BE(at + 3);
    // An empty record could come without end.
    if (size === 0) throw new RangeError("an empty record");
    const part = bytes.subarray(at + 5, at + 5 + size);
    parts.push(part);
    length += part.length;
    at += 5 + size;
    const whole = length < 4 ? undefined : Buffer.concat(parts);
    const wanted = whole && 4 + whole.readUIntBE(1, 3);
    if (whole && wanted !== undefined && length >= wanted) return whole.subarray(0, wanted);
  }
  return undefined;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  number(size: number): number {
    return this.take(size).readUIntBE(0, size);
  }

  skip(length: number): void {
    this.take(length);
  }

  take(length: number): Buffer {
    const part = this.#bytes.subarray(this.#at, this.#at + length);
    if (part.length < length) throw new RangeError("a length beyond the end");
    this.#at += length;
    return part;
  }
}
