import { SysError } from "@aiosjs/sdk/protocol";
import type { FileVersion, Labels } from "@aiosjs/sdk/protocol";
import type { KernelCall } from "./devices/device.ts";
import { foldersTo, shown } from "./file-path.ts";
import type { FilePlace } from "./file-path.ts";
import type { Files } from "./files.ts";
import { labelsOf } from "./note-writing.ts";
import type { FileRow, KeptFile, Staged } from "./ports.ts";

/** A call that changes files. */
export interface FileCall extends KernelCall {
  readonly files: Files;
}

export const isThere = (head: KeptFile | undefined): head is KeptFile => head !== undefined && head.kind !== "gone";

/** What stands at a path as somebody's call makes it. */
type Made = Pick<FileRow, "kind" | "hash" | "sizeBytes" | "labels" | "from">;

/**
 * The next version of what stands at a path, by this call; in the commit of its end.
 * @throws SysError E2BIG where that stands in for what could not come back
 */
export function change(
  { tenant, root, path }: FilePlace,
  { before, staged, ...made }: Made & { readonly before: KeptFile | undefined; readonly staged?: Staged },
  { files, record }: FileCall,
): FileRow {
  const { process, call, withinSeq: seq } = record;
  if (before) refuseLarge(before);
  const row = files.next({ tenant, root, path, ...made, pid: process.pid, call, seq }, before);
  if (staged) record.effects.push({ kind: "blob", row: staged.blob });
  record.effects.push({ kind: "file", row });
  files.isChange(row, { staged, before });
  return row;
}

/** Those folders on the way to it that are not there, the outermost first. @throws SysError EINVAL where a file is on the way */
export async function makeWay(place: FilePlace, call: FileCall): Promise<void> {
  for (const path of foldersTo(place)) await makeFolder({ ...place, path }, call);
}

/** Returns false where it was there already. */
export async function makeFolder(place: FilePlace, call: FileCall): Promise<boolean> {
  if (place.path === "") return false;
  const before = await call.files.known(place);
  if (before?.kind === "folder") return false;
  if (isThere(before)) throw new SysError("EINVAL", `${shown(place)} is a file, not a folder`);
  change(place, { ...nothing, kind: "folder", labels: ownLabels(call), from: null, before }, call);
  return true;
}

/** What is there of a file before it is written. @throws SysError EINVAL for a folder, ESTALE for another version */
export async function beforeWrite(
  place: FilePlace,
  wanted: number | undefined,
  { files }: FileCall,
): Promise<KeptFile | undefined> {
  const before = await files.known(place);
  if (before?.kind === "folder")
    throw new SysError("EINVAL", `${shown(place)} is a folder; a file cannot take its place`);
  const version = isThere(before) ? before.version : 0;
  if (wanted === undefined || wanted === version) return before;
  const is = version === 0 ? "is not there" : `is of version ${version}`;
  throw new SysError("ESTALE", `${shown(place)} ${is}, not of version ${wanted}`, {
    hint: "read it again, and write what then holds; 0 is for what is not there yet",
  });
}

export function refuseLarge(row: FileRow): void {
  if (row.kind === "file" && row.hash === null)
    throw new SysError(
      "E2BIG",
      `${shown(row)} has ${row.sizeBytes} bytes that are not kept: it was made from outside, and could not come back`,
      { hint: "it is too large, or files.maxBytes left no room: raise that, or move or remove it on the disk itself" },
    );
}

export const nothing = { hash: null, sizeBytes: 0 } as const;

export const goneAs = ({ labels }: Pick<KeptFile, "labels">): Made => ({
  kind: "gone",
  ...nothing,
  labels,
  from: null,
});

export const ownLabels = (call: FileCall): Labels => labelsOf(undefined, { before: undefined, isReworded: true }, call);

export const versionOf = (row: FileRow): FileVersion => {
  const { version, kind, sizeBytes, hash, labels, pid, call, atMs: at, from } = row;
  return { path: shown(row), version, kind, sizeBytes, hash, labels, pid, call, at, from };
};
