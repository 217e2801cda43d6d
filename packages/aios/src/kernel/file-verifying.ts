import type { ResultOf } from "@aiosjs/sdk/protocol";
import type { FileIndex } from "./file-index.ts";
import { shown } from "./file-path.ts";
import type { FileCall } from "./file-writing.ts";
import type { KeptFile } from "./ports.ts";

const PAGE = 500;
/** Paths of each kind that are named. */
const MAX_NAMED = 1_000;

/** Compares the journal, the disk and the index, and changes nothing. */
export async function verifyFiles(index: FileIndex, call: FileCall): Promise<ResultOf<"fs.verify">> {
  const { parts, files } = call;
  const [lost, different, unplaced]: [string[], string[], string[]] = [[], [], []];
  const look = async (head: KeptFile): Promise<void> => {
    const isKept = head.hash === null || (await parts.journal.blob(head.hash)) !== undefined;
    if (!isKept) lost.push(shown(head));
    const entry = await files.disk.look(head).catch(() => undefined);
    const isSame = entry?.kind === head.kind && (head.kind === "folder" || entry.stamp === head.stamp);
    if (head.stamp !== null && !isSame) different.push(shown(head));
  };
  for (const root of await parts.journal.fileRoots()) {
    await files.placed(root);
    unplaced.push(...files.unplaced(root).map(shown));
    for (let afterPath: string | undefined; ;) {
      const page = await parts.journal.files({ ...root, afterPath, limit: PAGE });
      for (const head of page) await look(head);
      afterPath = page.at(-1)?.path;
      if (page.length < PAGE) break;
    }
  }
  const { files: count, missing, orphaned } = await index.compare({ repair: false });
  const named = (paths: readonly string[]): string[] => paths.slice(0, MAX_NAMED);
  return {
    files: count,
    lost: named(lost),
    different: named(different),
    unplaced: named(unplaced),
    missing: named(missing),
    orphaned: named(orphaned),
  };
}
