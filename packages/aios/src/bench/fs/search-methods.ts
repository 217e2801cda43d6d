import { quote } from "../../files/plan/quoted.ts";
import { openFileKernel } from "./file-kernel.ts";
import type { FileKernel } from "./file-kernel.ts";
import type { FileMethod, IndexedFile } from "./method.ts";

const names = { words: "fs.search, words", vectors: "fs.search, vectors", hybrid: "fs.search" } as const;
const folder = "/shared/";

/**
 * `fs.search` of a kernel that was given the files by `fs.write`, each when it was changed, and is asked as a person would ask:
 * terms in quotes, everything else in the question's own words. One kernel for all three, filled by the first who is given
 * files and closed by the last.
 */
export function searchMethods(): readonly FileMethod[] {
  const opened = openFileKernel();
  let filled: Promise<void> | undefined;
  let users = 0;
  const close = async (): Promise<void> => {
    if (--users === 0) await (await opened)[Symbol.asyncDispose]();
  };
  return (["words", "vectors", "hybrid"] as const).map((by) => {
    users++;
    return {
      name: names[by],
      index: async (files) => (filled ??= fill(await opened, files)),
      find: async ({ text, terms, askedMs }, limit) => {
        const { fs, isNow } = await opened;
        if (askedMs !== undefined) await isNow(askedMs);
        const query = terms.length > 0 ? terms.map(quote).join(" ") : text;
        const { hits } = await fs.search({ query, by, limit });
        return hits.map(({ path }) => path.slice(folder.length));
      },
      [Symbol.asyncDispose]: close,
    };
  });
}

async function fill({ fs, isNow }: FileKernel, files: readonly IndexedFile[]): Promise<void> {
  for (const { path, text, modifiedMs } of files.toSorted((left, right) => left.modifiedMs - right.modifiedMs)) {
    await isNow(modifiedMs);
    await fs.write({ path: `${folder}${path}`, content: text });
  }
  // Indexed by whoever searches first.
  await fs.search({ query: "anything" });
}
