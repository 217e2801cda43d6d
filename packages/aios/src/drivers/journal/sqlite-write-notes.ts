import type { TenantId } from "@aiosjs/sdk/protocol";
import type { SqlEngine } from "../sql/engine.ts";
import { NoteTally } from "./note-tally.ts";
import type { CountedNote } from "./note-tally.ts";
import { NOTE_CODE, NOTE_EVICTED_CODE, noteColumns } from "./columns.ts";
import type { Value } from "./wire.ts";

/** Writes what the journal is told of notes, and, once for each group, what that adds to the notes of their namespaces. */
interface NoteWriter {
  /** Returns where the next record starts. */
  write(group: readonly Value[], at: number): number;
  writeUsage(): void;
  /** The group is undone. */
  forgetUsage(): void;
}

const inserted = [...noteColumns, "tier", "is_pinned"];
const BODY = noteColumns.indexOf("body");

const upsert = (table: string, key: string, columns: readonly string[]): string =>
  `insert into ${table} (${columns.join(", ")}) values (${columns.map(() => "?").join(", ")})
   on conflict (${key}) do update set ${columns.map((column) => `${column} = excluded.${column}`).join(", ")}`;

export function createNoteWriter(db: SqlEngine): NoteWriter {
  const find = db.prepare(
    "select tenant, namespace, version, size_bytes, is_pinned, is_evicted, is_removed from note where id = ?",
  );
  // A new version is live, whatever became of the one before it.
  const put = db.prepare(upsert("note", "id", [...inserted, "size_bytes", "is_evicted"]));
  const putVersion = db.prepare(upsert("note_version", "id, version", noteColumns));
  const evict = db.prepare("update note set is_evicted = ? where id = ?");
  const erase = ["note", "note_version", "note_use"].map((table) => db.prepare(`delete from ${table} where id = ?`));
  const add = db.prepare(
    `insert into note_usage (tenant, namespace, notes, bytes, pinned_notes, pinned_bytes, evicted_notes)
     values (?, ?, ?, ?, ?, ?, ?)
     on conflict (tenant, namespace) do update set
       notes = notes + excluded.notes,
       bytes = bytes + excluded.bytes,
       pinned_notes = pinned_notes + excluded.pinned_notes,
       pinned_bytes = pinned_bytes + excluded.pinned_bytes,
       evicted_notes = evicted_notes + excluded.evicted_notes`,
  );
  const tally = new NoteTally();

  const present = (id: Value): (CountedNote & { version: number }) | undefined => {
    const row = find.get(id);
    return (
      row && {
        tenant: row["tenant"] as TenantId,
        namespace: String(row["namespace"]),
        version: Number(row["version"]),
        bytes: Number(row["size_bytes"]),
        isPinned: row["is_pinned"] === 1,
        isEvicted: row["is_evicted"] === 1,
        isRemoved: row["is_removed"] === 1,
      }
    );
  };

  return {
    write(group, at) {
      const id = group[at + 1] ?? null;
      const before = present(id);
      if (group[at] === NOTE_CODE) {
        const values = group.slice(at + 1, at + 1 + inserted.length);
        const version = values.slice(0, noteColumns.length);
        const bytes = Buffer.byteLength(String(values[BODY]));
        put.run(...values, bytes, 0);
        putVersion.run(...version);
        tally.change(before, present(id));
        return at + 1 + inserted.length;
      }
      if (group[at] === NOTE_EVICTED_CODE) {
        const isEvicted = group[at + 3] === 1;
        if (before && before.version === group[at + 2] && before.isEvicted !== isEvicted) {
          evict.run(isEvicted ? 1 : 0, id);
          tally.change(before, { ...before, isEvicted });
        }
        return at + 4;
      }
      for (const statement of erase) statement.run(id);
      tally.change(before, undefined);
      return at + 2;
    },
    writeUsage() {
      for (const [{ tenant = "", namespace = "" }, usage] of tally.take()) {
        const { notes, bytes, pinnedNotes, pinnedBytes, evictedNotes } = usage;
        add.run(tenant, namespace, notes, bytes, pinnedNotes, pinnedBytes, evictedNotes);
      }
    },
    forgetUsage: () => void tally.take(),
  };
}
