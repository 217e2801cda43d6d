import { Transform } from "node:stream";

/** What one connection may take. */
export interface ConnectionBounds {
  /** Both ways together. */
  readonly bytes: number;
  /** Without a byte either way. */
  readonly idleMs: number;
}

/** Bytes of one connection, both ways. */
export class Meter {
  sentBytes = 0;
  receivedBytes = 0;
  readonly #bounds: ConnectionBounds;

  constructor(bounds: ConnectionBounds) {
    this.#bounds = bounds;
  }

  /** A stream that counts what passes, and fails with `ExceededError` when it is too much. */
  way(count: "sentBytes" | "receivedBytes"): Transform {
    return new Transform({
      transform: (chunk: Buffer, _, done) => {
        this[count] += chunk.length;
        if (this.sentBytes + this.receivedBytes > this.#bounds.bytes) done(new ExceededError("bytes"));
        else done(null, chunk);
      },
    });
  }
}

/** A connection was ended because it took more than it may. */
export class ExceededError extends Error {
  readonly bound: "bytes" | "idleMs";

  constructor(bound: "bytes" | "idleMs") {
    super(`more than the connection's ${bound}`);
    this.bound = bound;
  }
}
