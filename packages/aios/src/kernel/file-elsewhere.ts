import type { FilePlace } from "./file-path.ts";
import { rootName } from "./file-path.ts";
import type { Files } from "./files.ts";
import type { FileRow, FileVersionQuery, Journal, KeptFile } from "./ports.ts";

/** Who changed it: the process's calls behind `seq` are to be undone. */
interface Since {
  readonly pid: NonNullable<FileRow["pid"]>;
  readonly seq: number;
}

export interface Elsewhere {
  /** Where the process's later calls had the last word, and what stood there before them. */
  readonly back: readonly { readonly head: KeptFile; readonly before: FileRow | undefined }[];
  /** What the last of them made of a path that stays, and why. */
  readonly left: readonly { readonly row: FileRow; readonly why: string }[];
}

/** Paths outside of a process's own folder that its calls behind `seq` changed, by their roots. */
export async function changedElsewhere(
  { journal }: { journal: Journal },
  { tenant, root: own }: FilePlace,
  since: Since,
): Promise<ReadonlyMap<string, readonly FilePlace[]>> {
  const writtenBy = { pid: since.pid, afterSeq: since.seq };
  const query: FileVersionQuery = { tenant, writtenBy, limit: Number.MAX_SAFE_INTEGER };
  const rows = (await journal.fileVersions(query)).filter(({ root }) => root !== own);
  const places = new Map(rows.map(({ root, path }) => [rootName({ tenant, root }) + path, { tenant, root, path }]));
  return Map.groupBy(places.values(), ({ root }) => root);
}

/** What becomes of those, all of one root, which is held: what others have done stays, and what they did it on. */
export async function backElsewhere(
  places: readonly FilePlace[],
  since: Since,
  { files, journal }: { files: Files; journal: Journal },
): Promise<Elsewhere> {
  const [first] = places;
  if (!first) return { back: [], left: [] };
  // What is not in the journal yet has been changed from outside.
  for (const place of places) await files.known(place);
  const paths = places.map(({ path }) => path);
  const heads = await files.heads(first, paths);
  const histories = Map.groupBy(await files.versions(first, paths), ({ path }) => path);
  const isOwn = (row: FileRow): boolean => row.pid === since.pid;
  const isLate = (row: FileRow): boolean => isOwn(row) && row.seq > since.seq;
  const back = new Map<string, Elsewhere["back"][number]>();
  const left: Elsewhere["left"][number][] = [];
  for (const [path, rows] of histories) {
    const head = heads.get(path);
    const before = rows.find((row) => !isLate(row));
    const isKept = before !== undefined || rows.at(-1)?.version === 1;
    const last = rows.find(isLate);
    if (head && isLate(head) && isKept) back.set(path, { head, before: before?.kind === "gone" ? undefined : before });
    else if (last && head && isLate(head))
      left.push({ row: last, why: "what stood there before is not kept any more" });
    else if (last && head && !isOwn(head)) left.push({ row: last, why: goneOn });
  }
  for (const [path, { head, before }] of back) {
    if (head.kind !== "folder" || before) continue;
    if (!(await holdsOthers(path, back))) continue;
    back.delete(path);
    left.push({ row: head, why: goneOn });
  }
  return { back: [...back.values()], left };

  async function holdsOthers(within: string, going: ReadonlyMap<string, unknown>): Promise<boolean> {
    const { tenant, root } = first as FilePlace;
    const inside = await journal.files({ tenant, root, within, limit: going.size + 1 });
    return inside.some(({ path }) => !going.has(path));
  }
}

const goneOn = "others have gone on from it";
