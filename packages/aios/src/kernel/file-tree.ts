import { SysError } from "@aiosjs/sdk/protocol";
import { isInside, pathIn, shown } from "./file-path.ts";
import type { FilePlace } from "./file-path.ts";
import { change, goneAs, isThere, makeFolder, makeWay, refuseLarge } from "./file-writing.ts";
import type { FileCall } from "./file-writing.ts";
import { labelsOf } from "./note-writing.ts";
import { MAX_DEPTH } from "./ports.ts";
import type { FileRow, KeptFile } from "./ports.ts";

/** Files and folders that one call changes at most. */
const MAX_TREE = 20_000;

/** What stands at a path and inside of it, the outermost first. @throws SysError ENOENT, E2BIG */
export async function treeOf(place: FilePlace, { files }: Pick<FileCall, "files">): Promise<readonly KeptFile[]> {
  const found: KeptFile[] = [];
  const visit = async (at: FilePlace): Promise<void> => {
    const head = at.path === "" ? undefined : await files.known(at);
    if (isThere(head)) found.push(head);
    if (found.length > MAX_TREE)
      throw new SysError("E2BIG", `${shown(place)} holds more than ${MAX_TREE} files`, {
        hint: "take its folders one by one",
      });
    if (at.path !== "" && head?.kind !== "folder") return;
    const names = await namesIn(at, { files });
    const paths = names.map((name) => (at.path === "" ? name : `${at.path}/${name}`));
    if (at.path.split("/").length > MAX_DEPTH)
      throw new SysError("E2BIG", `${shown(place)} holds folders in each other, more than ${MAX_DEPTH} deep`, {
        hint: "somebody else has put them there: move or remove them on the disk itself",
      });
    await files.heads(at, paths); // by one question to the journal
    for (const path of paths) await visit({ ...at, path });
  };
  await visit(place);
  if (found.length === 0 && place.path !== "") throw await files.disk.absent(place);
  return found;
}

/** Of a folder: what the disk shows, and what is on its way there. */
async function namesIn(place: FilePlace, { files }: Pick<FileCall, "files">): Promise<readonly string[]> {
  const names = new Set(
    (await files.disk.list(place).catch(none)).flatMap(({ name, kind }) => (kind === "other" ? [] : [name])),
  );
  for (const path of files.onTheWay(place)) {
    const name = pathIn(path, place.path);
    if (!name.includes("/")) names.add(name);
  }
  return [...names].toSorted();
}

const none = (cause: unknown): [] => {
  if (cause instanceof SysError && cause.code === "ENOENT") return [];
  throw cause;
};

/** Puts the same content elsewhere, with its labels. @throws SysError EEXIST, EINVAL */
export async function copyTree(from: FilePlace, to: FilePlace, call: FileCall): Promise<readonly KeptFile[]> {
  if (from.root === to.root && (from.path === to.path || isInside(to.path, from.path)))
    throw new SysError("EINVAL", `${shown(to)} is ${from.path === to.path ? "the same" : `inside of ${shown(from)}`}`);
  const rows = await treeOf(from, call);
  const there = await call.files.known(to);
  if (isThere(there) || to.path === "")
    throw new SysError("EEXIST", `${shown(to)} is there already`, {
      hint: "name a new path, or remove what is there first",
    });
  await makeWay(to, call);
  if (from.path === "") await makeFolder(to, call);
  const placeFor = ({ path }: KeptFile): FilePlace => ({
    ...to,
    path: to.path + (from.path === "" ? "/" : "") + path.slice(from.path.length),
  });
  await call.files.heads(
    to,
    rows.map((row) => placeFor(row).path),
  ); // by few questions to the journal
  for (const row of rows) {
    refuseLarge(row);
    const place = placeFor(row);
    const { kind, hash, sizeBytes } = row;
    // Who moves it gives it its name, and a name can say as much as a text.
    const labels =
      place.path === to.path ? labelsOf(undefined, { before: row.labels, isReworded: true }, call) : row.labels;
    change(place, { kind, hash, sizeBytes, labels, from: nameOf(row), before: await call.files.known(place) }, call);
  }
  return rows;
}

/** Removes these, what is inside of a folder before it. */
export function removeRows(rows: readonly KeptFile[], call: FileCall): void {
  for (const row of rows.toReversed()) change(row, { ...goneAs(row), before: row }, call);
}

/** Brings back what was removed at a path, and what was removed together with it. @throws SysError ENOENT, EEXIST, ESTALE */
export async function restoreTree(place: FilePlace, call: FileCall): Promise<number> {
  const { files, parts } = call;
  const head = await files.known(place);
  if (!head) throw await files.disk.absent(place);
  if (head.kind !== "gone")
    throw new SysError("EEXIST", `${shown(place)} is there`, {
      hint: "fs.rollback takes it back to an earlier version",
    });
  const { tenant, root } = place;
  const inside = await parts.journal.files({ tenant, root, within: place.path, isGone: true, limit: MAX_TREE });
  const together = inside.filter((row) => row.call !== null && row.call === head.call);
  await makeWay(place, call);
  const gone = [head, ...together];
  const paths = gone.map(({ path }) => path);
  const lasts = new Map((await files.versions(place, paths, { isLastThere: true })).map((row) => [row.path, row]));
  for (const row of gone) {
    const last = lasts.get(row.path);
    if (!last) throw notKept(row);
    backTo(last, row, call);
  }
  return 1 + together.length;
}

/** What stands at the path becomes what it was in that version. @throws SysError ESTALE for what was too large to be kept */
export function backTo(version: FileRow, before: KeptFile | undefined, call: FileCall): FileRow {
  if (version.kind === "file" && version.hash === null) throw notKept(version);
  const { kind, hash, sizeBytes, labels } = version;
  return change(version, { kind, hash, sizeBytes, labels, from: nameOf(version), before }, call);
}

/**
 * Everything at a path and inside of it becomes what it was at a time. Returns what changed.
 * @throws SysError ESTALE for what is not kept any more
 */
export async function treeBackTo(place: FilePlace, atMs: number, call: FileCall): Promise<readonly FileRow[]> {
  const { files, parts } = call;
  // What others have changed since becomes a version first, what they have removed, too.
  const seen = new Set((await treeOf(place, call).catch(none)).map((row) => row.path));
  await noteGone(place, seen, call);
  const { tenant, root, path } = place;
  const inside = await parts.journal.fileVersions({ tenant, root, within: path, limit: Number.MAX_SAFE_INTEGER });
  const versions = Map.groupBy(
    [...(path === "" ? [] : await files.versions(place, [path])), ...inside],
    (row) => row.path,
  );
  const heads = await files.heads(place, [...versions.keys()]);
  const wanted: FileRow[] = [];
  for (const [at, rows] of versions) {
    const then = rows.find((row) => row.atMs <= atMs);
    const first = rows.at(-1) as FileRow;
    if (!then && first.version > 1) throw notKept(first);
    const head = heads.get(at);
    const isSame = then ? then.version === head?.version || isEqual(then, head) : !isThere(head);
    if (!isSame) wanted.push(then ?? { ...first, kind: "gone", hash: null, sizeBytes: 0 });
  }
  if (wanted.some(({ kind }) => kind !== "gone")) await makeWay(place, call);
  return inOrderOfPlacing(wanted).map((row) => backTo(row, heads.get(row.path), call));
}

/** Of what is on record there, all that is not seen on the disk any more has been removed by others. */
async function noteGone(place: FilePlace, seen: ReadonlySet<string>, { files, parts }: FileCall): Promise<void> {
  const { tenant, root, path: within } = place;
  const inside = await parts.journal.files({ tenant, root, within, limit: Number.MAX_SAFE_INTEGER });
  const paths = [...(within === "" ? [] : [within]), ...inside.map(({ path }) => path)];
  for (const head of (
    await files.heads(
      place,
      paths.filter((path) => !seen.has(path)),
    )
  ).values())
    await files.isGone(head);
}

/** What goes before what comes: what is inside of a folder goes before it, and comes after it. */
export function inOrderOfPlacing<Row extends FileRow>(rows: readonly Row[]): Row[] {
  const order = ({ kind }: FileRow): number => ["gone", "folder", "file"].indexOf(kind);
  return rows.toSorted(
    (left, right) => order(left) - order(right) || (left.kind === "gone" ? -1 : 1) * (left.path < right.path ? -1 : 1),
  );
}

const isEqual = (one: FileRow, other: FileRow | undefined): boolean =>
  one.kind === other?.kind && one.hash === other.hash;

export const nameOf = (row: FileRow): string => `${shown(row)}@${row.version}`;

const notKept = (row: FileRow): SysError =>
  new SysError("ESTALE", `what stood at ${shown(row)} then is not kept any more`, {
    hint: "fs.history tells the versions that are",
  });
