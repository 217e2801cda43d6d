import type { FramesEvent } from "../../../kernel/ports.ts";

/** The bytes of one stream on their way to a client of the same dialect: whole events, in order, as they came. */
export interface Forwarding {
  take(chunk: Buffer): void;
  /** Leaves an event out whose data is this. */
  withhold(data: string): void;
  /** All whole events so far that have not been released; undefined where there is none. */
  release(): FramesEvent | undefined;
  /** The stream has ended: what is held is whole, if not closed by a blank line. */
  close(): void;
}

const newline = 10;
const carriageReturn = 13;

/**
 * Most reads of a socket end where an event ends, and are handed on without a copy; what is left of an event that a
 * packet cut in two waits for the rest.
 */
export function createForwarding(dialect: string): Forwarding {
  let held: Buffer[] = [];
  let withheld: string[] = [];

  const take = (): Buffer => {
    const whole = held.length === 1 ? (held[0] as Buffer) : Buffer.concat(held);
    held = [];
    return whole;
  };

  return {
    take(chunk) {
      held.push(chunk);
    },
    withhold(data) {
      withheld.push(data);
    },
    release() {
      if (held.length === 0) return undefined;
      const whole = take();
      const end = lastEventEnd(whole);
      if (end < whole.length) held.push(whole.subarray(end));
      if (end === 0) return undefined;
      const bytes = withheld.length === 0 ? whole.subarray(0, end) : without(whole.subarray(0, end), withheld);
      withheld = [];
      return bytes.length === 0 ? undefined : { type: "frames", dialect, bytes };
    },
    close() {
      if (held.some((bytes) => bytes.length > 0)) held.push(Buffer.from("\n\n"));
    },
  };
}

/** Behind the blank line that closes the last whole event; 0 where none is whole. */
function lastEventEnd(bytes: Buffer): number {
  for (let at = bytes.lastIndexOf(newline); at > 0; at = bytes.lastIndexOf(newline, at - 1)) {
    const before = bytes[at - 1] === carriageReturn ? at - 2 : at - 1;
    if (bytes[before] === newline) return at + 1;
  }
  return 0;
}

/** Without the events whose data is one of these. */
function without(bytes: Buffer, dropped: readonly string[]): Buffer {
  const events = bytes.toString("utf8").split(/(?<=\r?\n\r?\n)/);
  return Buffer.from(events.filter((event) => !dropped.some((data) => event.includes(data))).join(""));
}
