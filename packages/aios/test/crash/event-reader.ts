// A subscriber that reads the journal's events from the beginning, over all kernels, by the number of the last one it saw.
import { setTimeout as sleep } from "node:timers/promises";
import type { CrashKernel } from "./crash-kernel.ts";
import type { Seen } from "./journal-copy.ts";

export class EventReader {
  /** In the order in which they came. */
  readonly seen: Seen[] = [];
  readonly #over = new AbortController();
  #reading: Promise<void> | undefined;

  start(kernel: () => CrashKernel): void {
    this.#reading = this.#read(kernel);
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await this.#reading;
  }

  async #read(kernel: () => CrashKernel): Promise<void> {
    while (!this.#over.signal.aborted) {
      await this.#readFrom(kernel()).catch(() => undefined); // it is gone, and the next one is asked
      await sleep(30);
    }
  }

  async #readFrom({ door, left }: CrashKernel): Promise<void> {
    if (!door) return;
    const after = this.seen.at(-1)?.seq ?? 0;
    const response = await fetch(`${door.url}/v1/events?after=${after}`, {
      headers: { authorization: `Bearer ${door.key}` },
      signal: AbortSignal.any([left.signal, this.#over.signal]),
    });
    let rest = "";
    for await (const piece of (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())) {
      const frames = (rest + piece).split("\n\n");
      rest = frames.pop() ?? "";
      for (const frame of frames) {
        const line = frame.split("\n").find((one) => one.startsWith("data: "));
        if (line === undefined) continue;
        const { seq, topic, body } = JSON.parse(line.slice(6)) as { seq: number; topic: string; body: unknown };
        this.seen.push({ seq, topic, body: JSON.stringify(body) });
      }
    }
  }
}
