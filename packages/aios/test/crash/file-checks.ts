// What is wrong with the files of a home: lost, back, or another on the disk than in the journal.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { SeenNote } from "./note-checks.ts";

/** What a program kept, as it saw it at its end. */
export interface SeenAtEnd {
  readonly notes: readonly SeenNote[];
  /** Contents by path. */
  readonly files: Readonly<Record<string, string>>;
}

interface Head {
  readonly tenant: string;
  readonly root: string;
  readonly path: string;
  readonly version: number;
  readonly kind: string;
  readonly hash: string | null;
  readonly stamp: string | null;
}

const sha256 = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");

/** Nobody else writes in these folders. No kernel runs. */
export function fileFaults(
  db: DatabaseSync,
  { folder, ended }: { folder: string; ended: ReadonlyMap<string, SeenAtEnd> },
): string[] {
  const heads = db
    .prepare("select tenant, root, path, version, kind, hash, stamp from file")
    .all() as unknown as readonly Head[];
  const byRoot = Map.groupBy(heads, ({ root }) => root);
  return [
    ...heads.flatMap((head) => onDisk(head, folder)),
    ...withoutVersions(db),
    ...[...ended].flatMap(([pid, { files }]) => atEnd(pid, files, byRoot.get(`process:${pid}`) ?? [])),
  ];
}

/** What is said to stand there stands there; what has no stamp is on its way. */
function onDisk({ tenant, root, path, version, kind, hash, stamp }: Head, folder: string): string[] {
  if (stamp === null || !root.startsWith("process:")) return [];
  const file = join(folder, tenant, root.slice("process:".length), path);
  const name = `${root}/${path} (version ${version})`;
  if (kind === "gone") return existsSync(file) ? [`${name} is gone, and is there`] : [];
  if (!existsSync(file)) return [`${name} is not there`];
  if (kind === "folder") return [];
  return sha256(readFileSync(file)) === hash ? [] : [`${name} holds something else`];
}

function withoutVersions(db: DatabaseSync): string[] {
  const doubts = {
    "has not all of its versions":
      "select f.root, f.path, f.version from file f where (select count(*) from file_version v where v.tenant = f.tenant and v.root = f.root and v.path = f.path) <> f.version",
    "has a version without its content":
      "select root, path, version from file_version where kind = 'file' and (hash is null or hash not in (select hash from file_blob))",
  };
  return Object.entries(doubts).flatMap(([what, sql]) =>
    db
      .prepare(sql)
      .all()
      .map((row) => `${JSON.stringify(row)} ${what}`),
  );
}

/** After its end nobody changes what a process kept. */
function atEnd(pid: string, files: Readonly<Record<string, string>>, heads: readonly Head[]): string[] {
  const there = heads.filter(({ kind }) => kind === "file");
  const text = (all: readonly (readonly [path: string, hash: string | null])[]): string =>
    all
      .map(([path, hash]) => `${path} ${hash}`)
      .toSorted()
      .join(", ");
  const is = text(there.map(({ path, hash }) => [path, hash]));
  const was = text(Object.entries(files).map(([path, content]) => [path, sha256(content)]));
  return is === was ? [] : [`the files of ${pid} are ${is}, at its end they were ${was}`];
}
