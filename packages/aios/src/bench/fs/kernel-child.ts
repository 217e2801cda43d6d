// A whole kernel that is given files by its syscalls: journal and files on disk.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { boot } from "../../boot.ts";
import { configSchema } from "../../config/schema.ts";
import { serveParent } from "../child.ts";
import { createSentences } from "../mem/sentences.ts";
import { percentile } from "../report.ts";

export interface KernelRequest {
  /** One after the other, each a file of its own. */
  readonly writes: number;
  readonly words: number;
}

export interface KernelAnswer {
  readonly writeMs: { readonly p50: number; readonly p99: number };
}

serveParent<KernelRequest, KernelAnswer>(async ({ writes, words }) => {
  const home = await mkdtemp(join(tmpdir(), "aios-bench-"));
  try {
    const config = configSchema.parse({ server: { port: 0 }, llms: { cores: [{ name: "sim", kind: "sim" }] } });
    await using system = await boot({ home, config });
    const { fs } = system.client;
    const sentence = createSentences();
    const write = async (name: string): Promise<number> => {
      const content = sentence(words);
      const at = performance.now();
      await fs.write({ path: `${name}.txt`, content });
      return performance.now() - at;
    };
    // What is compiled at the first calls is not what writing costs.
    for (let count = 0; count < 200; count++) await write(`before-${count}`);
    const ms: number[] = [];
    for (let count = 0; count < writes; count++) ms.push(await write(`file-${count}`));
    return { writeMs: { p50: percentile(ms, 0.5), p99: percentile(ms, 0.99) } };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
