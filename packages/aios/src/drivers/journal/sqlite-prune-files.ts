import type { SqlEngine } from "../sql/engine.ts";
import { contentsOf, createFileCounts } from "./sqlite-file-usage.ts";
import type { SqlRow } from "./wire.ts";

/** Rows that one transaction looks at. */
const SLICE = 200;
/** Contents that one transaction takes away: SQLite visits each of their pages. */
const SLICE_BYTES = 4 * 1024 * 1024;

/** What a slice did; `last`: where to go on, while more may follow. */
interface Slice<Place> {
  readonly count: number;
  readonly last: Place | undefined;
}

const samePath = "tenant = file_version.tenant and root = file_version.root and path = file_version.path";

/** How a journal forgets files: each is a transaction of the caller's. */
export function createFileSlices(db: SqlEngine): {
  /** Of paths as they are, and as they were at any time from `beforeMs` on, nothing goes. */
  forgetVersions(after: number, beforeMs: number): Slice<number>;
  /** `keptBytes`: of those that stay. */
  forgetBlobs(after: string): Slice<string> & { readonly keptBytes: number };
} {
  const counts = createFileCounts(db);
  const versionsAfter = db.prepare(
    `select change, at from file_version where change > ? order by change limit ${SLICE}`,
  );
  const forgetOlder = db.prepare(
    `delete from file_version where change > ? and change <= ? and at < ?
       and exists (select 1 from file_version as later where later.tenant = file_version.tenant
         and later.root = file_version.root and later.path = file_version.path
         and later.change > file_version.change and later.at <= ?)
       and not exists (select 1 from file where ${samePath} and file.change = file_version.change)
       returning tenant, root, hash, size_bytes`,
  );
  // What is gone and still to be taken from the disk stays, as does the newest change: the next one is one more than it.
  const goneHeads = db.prepare(
    `select tenant, root, path from file_version where change > ? and change <= ? and at < ? and kind = 'gone'
       and change < (select max(change) from file_version)
       and exists (select 1 from file where ${samePath} and file.change = file_version.change and stamp is not null)`,
  );
  const forgetHead = db.prepare("delete from file where tenant = ? and root = ? and path = ?");
  const forgetAll = db.prepare(
    "delete from file_version where tenant = ? and root = ? and path = ? returning tenant, root, hash, size_bytes",
  );
  const blobsAfter = db.prepare(
    `select hash, length(bytes) as kept_bytes,
       exists (select 1 from file_version where file_version.hash = file_blob.hash)
         or exists (select 1 from syscall where syscall.request_content = file_blob.hash)
         or exists (select 1 from file_share where file_share.hash = file_blob.hash and ended_at is null) as is_used
     from file_blob where hash > ? order by hash limit ${SLICE}`,
  );
  const forgetBlob = db.prepare("delete from file_blob where hash = ?");
  return {
    forgetVersions(after, beforeMs) {
      const rows = versionsAfter.all(after) as SqlRow[];
      const last = rows.at(-1);
      if (last === undefined) return { count: 0, last: undefined };
      const until = Number(last["change"]);
      const gone = forgetOlder.all(after, until, beforeMs, beforeMs);
      for (const { tenant, root, path } of goneHeads.all(after, until, beforeMs) as Record<string, string>[]) {
        forgetHead.run(tenant as string, root as string, path as string);
        gone.push(...forgetAll.all(tenant as string, root as string, path as string));
      }
      counts.gone(contentsOf(gone as SqlRow[]));
      counts.write();
      const count = gone.length;
      return { count, last: rows.length === SLICE && Number(last["at"]) < beforeMs ? until : undefined };
    },
    forgetBlobs(after) {
      let [count, bytes, keptBytes] = [0, 0, 0];
      const rows = blobsAfter.all(after) as SqlRow[];
      for (const row of rows) {
        const size = Number(row["kept_bytes"]);
        if (row["is_used"] === 1) {
          keptBytes += size;
          continue;
        }
        forgetBlob.run(row["hash"] as string);
        count++;
        bytes += size;
        if (bytes >= SLICE_BYTES) return { count, keptBytes, last: String(row["hash"]) };
      }
      return { count, keptBytes, last: rows.length === SLICE ? String(rows.at(-1)?.["hash"]) : undefined };
    },
  };
}
