// A whole kernel that is given notes: journal, index and all on disk, without a model.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { boot } from "../../boot.ts";
import { configSchema } from "../../config/schema.ts";
import { serveParent } from "../child.ts";
import { watchDelay } from "./event-loop-delay.ts";
import type { Delay } from "./event-loop-delay.ts";
import { createSentences } from "./sentences.ts";

export interface KernelRequest {
  readonly notes: number;
  /** Who add, each the next when the last is kept. */
  readonly callers: number;
}

export interface KernelAnswer {
  /** Kept on disk and found. */
  readonly perSecond: number;
  /** Of the kernel's thread. */
  readonly delay: Delay;
}

serveParent<KernelRequest, KernelAnswer>(async ({ notes, callers }) => {
  const home = await mkdtemp(join(tmpdir(), "aios-bench-"));
  try {
    const config = configSchema.parse({ server: { port: 0 }, llms: { cores: [{ name: "sim", kind: "sim" }] } });
    await using system = await boot({ home, config });
    const { mem } = system.client;
    const sentence = createSentences();
    const add = async (): Promise<void> => void (await mem.add({ content: sentence(40) }));
    // What is compiled at the first calls is not what indexing costs.
    for (let count = 0; count < 200; count++) await add();
    await mem.search({ query: sentence(8) });
    let left = notes;
    const beganAt = performance.now();
    const delay = await watchDelay(async () => {
      const caller = async (): Promise<void> => {
        while (left-- > 0) await add();
      };
      await Promise.all(Array.from({ length: callers }, caller));
      // Answers when all of them can be found.
      await mem.search({ query: sentence(8) });
    });
    return { perSecond: (notes * 1_000) / (performance.now() - beganAt), delay };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
