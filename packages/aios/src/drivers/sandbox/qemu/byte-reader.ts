import type { Readable } from "node:stream";
import { SysError } from "@aiosjs/sdk/protocol";

/** Reads what comes out of a machine, no faster than it is asked. */
export class ByteReader {
  readonly #parts: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#parts = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** @throws SysError EIO it ends before. */
  async exactly(length: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let missing = length;
    while (missing > 0) {
      const piece = await this.some(missing);
      pieces.push(piece);
      missing -= piece.length;
    }
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, length);
  }

  /** At least one byte, at most so many. @throws SysError EIO it ends before. */
  async some(most: number): Promise<Buffer> {
    if (this.#rest.length === 0) this.#rest = await this.#next();
    const piece = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  /** Without its end. @throws SysError EIO it is longer than a line of ours. */
  async line(longest = 256): Promise<string> {
    let text = "";
    for (;;) {
      const byte = (await this.some(1)).toString("latin1");
      if (byte === "\n") return text;
      text += byte;
      if (text.length > longest) throw new SysError("EIO", "the guest says what is not understood");
    }
  }

  async #next(): Promise<Buffer> {
    const { done, value } = await this.#parts.next().catch((cause: unknown) => {
      throw new SysError("EIO", "the virtual machine has ended", { cause });
    });
    if (done === true) throw new SysError("EIO", "the virtual machine has ended");
    return value;
  }
}
