import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Corpus } from "./corpus-file.ts";

/** The corpus as files, until it is disposed of. */
export interface WrittenCorpus extends AsyncDisposable {
  readonly folder: string;
}

export async function writeCorpus({ files, textOf }: Corpus): Promise<WrittenCorpus> {
  const folder = await mkdtemp(join(tmpdir(), "aios-corpus-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    for (const file of files) {
      const path = join(folder, file.path);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, textOf(file));
    }
  } catch (cause) {
    await remove();
    throw cause;
  }
  return { folder, [Symbol.asyncDispose]: remove };
}
