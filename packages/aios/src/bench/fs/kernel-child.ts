// A whole kernel that is given files by its syscalls: journal, versions and files on disk.
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { boot } from "../../boot.ts";
import { configSchema } from "../../config/schema.ts";
import { createSeededRandom } from "../../drivers/random/seeded.ts";
import { serveParent } from "../child.ts";
import type { Split } from "../mem/dialogue.ts";
import { createSentences } from "../mem/sentences.ts";
import { percentile } from "../report.ts";
import { generateCorpus } from "./corpus.ts";

export interface KernelRequest {
  readonly split: Split;
  readonly seed: number;
  /** Generated ones, written one after the other, each at a path of its own. */
  readonly writes: number;
  /** The first of them get so many versions each: in every one a sentence is new somewhere. */
  readonly files: number;
  readonly versions: number;
}

export interface KernelAnswer {
  /** Of first versions. */
  readonly writeMs: { readonly p50: number; readonly p99: number };
  readonly disk: {
    /** What all files with several versions hold in the end. */
    readonly contentBytes: number;
    /** By how much the home has grown since they had one version, when the kernel has ended. */
    readonly addedBytes: number;
  };
}

serveParent<KernelRequest, KernelAnswer>(async ({ split, seed, writes, files, versions }) => {
  const home = await mkdtemp(join(tmpdir(), "aios-bench-"));
  try {
    const corpus = generateCorpus({ split, seed, files: writes });
    const texts = corpus.files.map((file) => corpus.textOf(file));
    const config = configSchema.parse({ server: { port: 0 }, llms: { cores: [{ name: "sim", kind: "sim" }] } });
    const ms: number[] = [];
    {
      await using system = await boot({ home, config });
      const { fs } = system.client;
      // What is compiled at the first calls is not what writing costs.
      for (let count = 0; count < 200; count++) await fs.write({ path: `before/${count}.txt`, content: `${count}` });
      for (const [at, content] of texts.entries()) {
        const beganAt = performance.now();
        await fs.write({ path: pathOf(at), content });
        ms.push(performance.now() - beganAt);
      }
    }
    const beforeBytes = await bytesIn(home);
    const random = createSeededRandom(seed);
    const sentence = createSentences(seed);
    const edited = texts.slice(0, files);
    {
      await using system = await boot({ home, config });
      for (let version = 2; version <= versions; version++)
        for (const [at, text] of edited.entries()) {
          const place = text.indexOf(" ", Math.floor(random.next() * text.length)) + 1;
          const content = `${text.slice(0, place)}${sentence(12)} ${text.slice(place)}`;
          await system.client.fs.write({ path: pathOf(at), content });
          edited[at] = content;
        }
    }
    const contentBytes = edited.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const disk = { contentBytes, addedBytes: (await bytesIn(home)) - beforeBytes };
    return { writeMs: { p50: percentile(ms, 0.5), p99: percentile(ms, 0.99) }, disk };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});

const pathOf = (at: number): string => `files/${at}.txt`;

async function bytesIn(folder: string): Promise<number> {
  let sum = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) sum += (await stat(join(entry.parentPath, entry.name))).size;
  return sum;
}
