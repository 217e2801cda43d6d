// The thread that reads files: whatever a file does to it, the kernel's goes on.
import { parentPort } from "node:worker_threads";
import { chunksOf } from "../../files/extract/chunks.ts";
import { extractText } from "../../files/extract/extract-text.ts";
import type { FileSource } from "../../files/extract/extracted.ts";
import type { FileText } from "./file-text.ts";

/** What the thread is asked. */
export interface Order extends FileSource {
  readonly id: number;
  readonly chunkChars: number;
}

export interface Answer {
  readonly id: number;
  readonly text: FileText;
}

async function answer({ id, chunkChars, ...source }: Order): Promise<Answer> {
  const extracted = await extractText(source);
  const { sections: _, ...rest } = extracted;
  return { id, text: { ...rest, chunks: chunksOf(extracted, { chars: chunkChars }) } };
}

parentPort?.on("message", (order: Order) => {
  // What fails here fails the thread, and the kernel's side tells it of the file.
  void answer(order).then((text) => parentPort?.postMessage(text));
});
