import type { SqlEngine } from "../sql/engine.ts";
import type { Value } from "./wire.ts";

/** Of a tenant, or of one of its roots. */
interface Sums {
  files: number;
  bytes: number;
  keptBytes: number;
}

/** Where a version of a file stands, and its content. */
interface Place {
  readonly tenant: string;
  readonly root: string;
}

type Content = Place & { readonly hash: string; readonly sizeBytes: number };

/** Counts what files take as their rows come and go; written once for each transaction. */
export interface FileCounts {
  /** A version is about to be written, which `write` does. */
  put(
    row: Content | (Place & { readonly hash: null; readonly sizeBytes: number }),
    head: Head,
    write: () => void,
  ): void;
  /** Versions with these contents have gone. */
  gone(contents: readonly Content[]): void;
  /** All of a root has gone, with these contents. */
  erased(place: Place, contents: readonly Content[]): void;
  /** Adds it to what was counted. */
  write(): void;
  /** The transaction is undone. */
  forget(): void;
}

type Head = Place & { readonly path: string; readonly isThere: boolean };

/** Stands for the whole tenant. */
const ALL = "";

export function createFileCounts(db: SqlEngine): FileCounts {
  const findHead = db.prepare("select kind, size_bytes from file where tenant = ? and root = ? and path = ?");
  // By the content's index: a tenant has more versions than one content has.
  const holds = db.prepare("select 1 as found from file_version where hash = ? and +tenant = ? limit 1");
  const rootHolds = db.prepare(
    "select 1 as found from file_version where hash = ? and +tenant = ? and +root = ? limit 1",
  );
  const add = db.prepare(
    `insert into file_usage (tenant, root, files, bytes, kept_bytes) values (?, ?, ?, ?, ?)
     on conflict (tenant, root) do update set
       files = files + excluded.files, bytes = bytes + excluded.bytes, kept_bytes = kept_bytes + excluded.kept_bytes`,
  );
  const find = db.prepare("select files, bytes from file_usage where tenant = ? and root = ?");
  const forgetRoot = db.prepare("delete from file_usage where tenant = ? and root = ?");
  let sums = new Map<string, Place & Sums>();

  const sumsOf = (tenant: string, root: string): Sums => {
    const name = JSON.stringify([tenant, root]);
    const known = sums.get(name) ?? { tenant, root, files: 0, bytes: 0, keptBytes: 0 };
    sums.set(name, known);
    return known;
  };
  const count = ({ tenant, root }: Place, files: number, bytes: number): void => {
    for (const where of [root, ALL]) {
      const counted = sumsOf(tenant, where);
      counted.files += files;
      counted.bytes += bytes;
    }
  };
  const isHeldIn = ({ tenant, root, hash }: Content, where: string): boolean =>
    (where === ALL ? holds.get(hash, tenant) : rootHolds.get(hash, tenant, root)) !== undefined;
  const write = (): void => {
    for (const { tenant, root, files, bytes, keptBytes } of sums.values())
      if (files !== 0 || bytes !== 0 || keptBytes !== 0) add.run(tenant, root, files, bytes, keptBytes);
    sums = new Map();
  };
  const gone = (contents: readonly Content[], roots: (root: string) => readonly string[]): void => {
    const seen = new Set<string>();
    for (const content of contents)
      for (const where of roots(content.root)) {
        const name = JSON.stringify([content.tenant, where, content.hash]);
        if (seen.has(name) || isHeldIn(content, where)) continue;
        seen.add(name);
        sumsOf(content.tenant, where).keptBytes -= content.sizeBytes;
      }
  };

  return {
    put(row, { path, isThere }, writeRow) {
      const { tenant, root, sizeBytes } = row;
      const before = findHead.get(tenant, root, path);
      const wasThere = before !== undefined && before["kind"] !== "gone";
      count(
        row,
        (isThere ? 1 : 0) - (wasThere ? 1 : 0),
        (isThere ? sizeBytes : 0) - (wasThere ? Number(before["size_bytes"]) : 0),
      );
      if (row.hash !== null)
        for (const where of [root, ALL]) if (!isHeldIn(row, where)) sumsOf(tenant, where).keptBytes += sizeBytes;
      writeRow();
    },
    gone: (contents) => gone(contents, (root) => [root, ALL]),
    erased(place, contents) {
      // What this transaction has counted of it so far goes with it.
      write();
      const { tenant, root } = place;
      const had = find.get(tenant, root);
      if (had) count(place, -Number(had["files"]), -Number(had["bytes"]));
      sums.delete(JSON.stringify([tenant, root]));
      forgetRoot.run(tenant, root);
      gone(contents, () => [ALL]);
    },
    write,
    forget: () => void (sums = new Map()),
  };
}

/** As a row that was deleted or looked at tells it. */
export const contentsOf = (rows: readonly Record<string, Value>[]): Content[] =>
  rows.flatMap(({ tenant, root, hash, size_bytes: sizeBytes }) =>
    hash === null ? [] : [{ tenant, root, hash, sizeBytes: Number(sizeBytes) } as Content],
  );
