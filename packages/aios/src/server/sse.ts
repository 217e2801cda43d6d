import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { startBeat } from "./waits.ts";
import type { Beat } from "./waits.ts";

/** Above so many open streams each one writes at most once per `pauseMs`: packets are the cost, not bytes. */
const crowd = 500;
const pauseMs = 20;

const lastChunk = "0\r\n\r\n";

/** Open streams of one server. */
export class Crowd {
  size = 0;
  #pause: Promise<void> | undefined;

  /** In a crowd: resolves with the others' pause, so that events pile up and leave in one write. */
  pause(): Promise<void> | undefined {
    if (this.size <= crowd) return undefined;
    return (this.#pause ??= new Promise((resolve) => {
      setTimeout(() => {
        this.#pause = undefined;
        resolve();
      }, pauseMs);
    }));
  }
}

/** Server-sent events straight onto the socket. */
export class SseStream implements Disposable {
  readonly #outgoing: ServerResponse;
  readonly #crowd: Crowd;
  readonly #commentMs: number;
  readonly #sign: string;
  #beat: Beat | undefined;
  #wasSilent = true;
  #isChunked = false;
  isOpen = false;

  /** `sign`: what a silent stream is kept alive with, where a comment is not what its clients know. */
  constructor(outgoing: ServerResponse, options: { crowd: Crowd; commentMs: number; sign?: string | undefined }) {
    this.#outgoing = outgoing;
    this.#crowd = options.crowd;
    this.#commentMs = options.commentMs;
    this.#sign = options.sign ?? ": waiting\n\n";
  }

  /** Writes the status line and the headers; they leave with the first write. */
  open(headers: OutgoingHttpHeaders): void {
    if (this.isOpen || this.#outgoing.headersSent || this.#outgoing.destroyed) return;
    this.isOpen = true;
    this.#crowd.size++;
    const isChunked = this.#outgoing.req.httpVersion === "1.1";
    this.#outgoing.writeHead(200, {
      ...(isChunked ? { "transfer-encoding": "chunked" } : {}),
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      // nginx would collect the answer before it sends it
      "x-accel-buffering": "no",
      ...headers,
    });
    if (isChunked) {
      this.#isChunked = true;
      this.#outgoing.chunkedEncoding = false;
    }
    this.#beat = startBeat(this.#commentMs, () => {
      if (this.#wasSilent) this.comment();
      this.#wasSilent = true;
      return this.#commentMs;
    });
  }

  /** Says that the stream is alive. Nothing to a reader that has not even taken the last write. */
  comment(): void {
    if (this.#outgoing.destroyed || this.#outgoing.writableNeedDrain) return;
    this.#outgoing.write(this.#framed(this.#sign));
  }

  /** What to wait for before more is written: nothing, a slow reader (until it has taken what there is, or has gone), the crowd. */
  write(frames: string | Uint8Array): Promise<void> | undefined {
    if (this.#outgoing.destroyed) return undefined;
    this.#wasSilent = false;
    return this.#outgoing.write(this.#framed(frames)) ? this.#crowd.pause() : this.#drained();
  }

  #drained(): Promise<void> {
    const outgoing = this.#outgoing;
    return new Promise((resolve) => {
      const settle = (): void => {
        outgoing.off("drain", settle).off("close", settle);
        resolve();
      };
      outgoing.on("drain", settle).on("close", settle);
    });
  }

  /** Ends the answer. */
  end(frames: string | Uint8Array = ""): void {
    if (this.#outgoing.destroyed) return;
    if (frames.length > 0) this.#outgoing.write(this.#framed(frames));
    if (this.#isChunked) this.#outgoing.end(lastChunk);
    else this.#outgoing.end();
  }

  /**
   * A chunk of HTTP/1.1 as one text. Node would write it as three buffers (length, body, end): that is a fifth of the CPU
   * that a streamed token costs on the way out.
   */
  #framed(frames: string | Uint8Array): string | Uint8Array {
    if (!this.#isChunked) return frames;
    if (typeof frames === "string") return `${Buffer.byteLength(frames).toString(16)}\r\n${frames}\r\n`;
    const head = `${frames.length.toString(16)}\r\n`;
    const chunk = Buffer.allocUnsafe(head.length + frames.length + 2);
    chunk.write(head, 0, "latin1");
    chunk.set(frames, head.length);
    chunk.write("\r\n", head.length + frames.length, "latin1");
    return chunk;
  }

  [Symbol.dispose](): void {
    this.#beat?.stop();
    if (this.isOpen) this.#crowd.size--;
    this.isOpen = false;
  }
}
