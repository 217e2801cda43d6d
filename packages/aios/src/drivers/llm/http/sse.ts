/** Feeds server-sent events as they come off a socket; `take` gets the data of each event. */
export interface SseSplitter {
  push(chunk: Buffer): void;
  /** The stream has ended: an event without its closing blank line still counts, half a line is given back. */
  end(): string;
}

const newline = 10;
const carriageReturn = 13;
const space = 32;
/** A line that never ends is not an answer; undici bounds the whole body, this bounds what is held for one line. */
const maxLineBytes = 16 * 1024 * 1024;

/**
 * Splits server-sent events (WHATWG HTML, "event stream interpretation") without a stream or an object per line.
 * Only whole lines are decoded, so a UTF-8 sequence that a packet cuts in two is never decoded in halves.
 * Lines end in LF or CRLF; comments and the fields `event`, `id`, `retry` are skipped: this dialect says all in `data`.
 */
export function createSseSplitter(take: (data: string) => void): SseSplitter {
  let held: Buffer[] = [];
  let heldBytes = 0;
  /** Data lines of the event under way. */
  let data: string | undefined;

  const hold = (rest: Buffer): void => {
    held.push(rest);
    heldBytes += rest.length;
    if (heldBytes > maxLineBytes) throw new RangeError(`a line of more than ${maxLineBytes} bytes`);
  };

  const line = (text: string, start: number, stop: number): void => {
    if (stop === start) {
      if (data === undefined) return;
      const whole = data;
      data = undefined;
      take(whole);
      return;
    }
    if (!text.startsWith("data", start)) return;
    let from = start + 4;
    // "data:" with or without one space; "data" alone is an empty line of data; "database: x" is another field.
    if (from < stop) {
      if (text[from] !== ":") return;
      from++;
      if (text.charCodeAt(from) === space && from < stop) from++;
    }
    const value = text.slice(from, stop);
    data = data === undefined ? value : `${data}\n${value}`;
  };

  const lines = (text: string): void => {
    let start = 0;
    for (let stop = text.indexOf("\n"); stop !== -1; stop = text.indexOf("\n", start)) {
      line(text, start, stop > start && text.charCodeAt(stop - 1) === carriageReturn ? stop - 1 : stop);
      start = stop + 1;
    }
  };

  return {
    push(chunk) {
      const last = chunk.lastIndexOf(newline);
      if (last === -1) {
        hold(chunk);
        return;
      }
      if (heldBytes === 0) {
        lines(chunk.toString("utf8", 0, last + 1));
      } else {
        held.push(chunk.subarray(0, last + 1));
        const whole = Buffer.concat(held);
        held = [];
        heldBytes = 0;
        lines(whole.toString("utf8"));
      }
      if (last + 1 < chunk.length) hold(chunk.subarray(last + 1));
    },
    end() {
      const rest = Buffer.concat(held).toString("utf8");
      held = [];
      heldBytes = 0;
      // A last event without its blank line is whole when its line is: "data: [DONE]" and the end is common.
      if (rest !== "" && isWhole(rest)) {
        line(rest, 0, rest.length);
        line("", 0, 0);
        return "";
      }
      line("", 0, 0);
      return rest;
    },
  };
}

const isWhole = (rest: string): boolean => {
  const text = rest.trimEnd();
  return text.startsWith(":") || text.endsWith("}") || text.endsWith("[DONE]");
};
