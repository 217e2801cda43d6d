import type { SandboxEvent } from "../../kernel/ports.ts";

type End = Extract<SandboxEvent, { type: "ended" }>;

/** What a command does, between whoever runs it and whoever reads: output up to its bound, then exactly one end. */
export class CommandEvents {
  readonly #events: SandboxEvent[] = [];
  #roomBytes: number;
  #droppedBytes = 0;
  #news = Promise.withResolvers<void>();
  #hasEnded = false;
  #fault: unknown;

  constructor({ outputBytes }: { readonly outputBytes: number }) {
    this.#roomBytes = outputBytes;
  }

  output(stream: "stdout" | "stderr", bytes: Uint8Array): void {
    if (this.#hasEnded) return;
    const kept = bytes.subarray(0, this.#roomBytes);
    this.#roomBytes -= kept.length;
    this.#droppedBytes += bytes.length - kept.length;
    if (kept.length > 0) this.#tell({ type: "output", stream, bytes: kept });
  }

  /** The first one counts. `droppedBytes`: what was dropped before it came here. */
  end({ droppedBytes = 0, ...end }: Omit<End, "type" | "droppedBytes"> & Partial<Pick<End, "droppedBytes">>): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#tell({ type: "ended", ...end, droppedBytes: this.#droppedBytes + droppedBytes });
  }

  /** Instead of an end. */
  fail(fault: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#fault = fault;
    this.#news.resolve();
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  async *read(): AsyncGenerator<SandboxEvent, void, undefined> {
    for (;;) {
      const event = this.#events.shift();
      if (event) yield event;
      if (event?.type === "ended") return;
      if (event) continue;
      if (this.#fault !== undefined) throw this.#fault;
      await this.#news.promise;
      this.#news = Promise.withResolvers();
    }
  }

  #tell(event: SandboxEvent): void {
    this.#events.push(event);
    this.#news.resolve();
  }
}
