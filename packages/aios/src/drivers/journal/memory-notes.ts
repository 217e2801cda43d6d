import type {
  EvictableNote,
  JournalRecord,
  KeptNote,
  NotePlace,
  NoteQuery,
  NoteRow,
  NoteVersionQuery,
} from "../../kernel/ports.ts";
import { Kept } from "./kept.ts";
import type { MemoryStore } from "./memory-store.ts";
import type { CountedNote } from "./note-tally.ts";

type Notes = Pick<MemoryStore, "notes" | "noteUses" | "evictedNotes" | "noteTally">;

export function noteChange(store: Notes, row: NoteRow): () => void {
  const kept = new Kept(row);
  return counting(store, row.id, () => {
    const versions = store.notes.get(row.id) ?? new Map<number, Kept<NoteRow>>();
    store.notes.set(row.id, versions);
    versions.set(row.version, kept);
    // A new version is live, whatever became of the one before it.
    store.evictedNotes.delete(row.id);
  });
}

export function noteEviction(
  store: Notes,
  { id, version, isEvicted }: JournalRecord & { kind: "noteEvicted" },
): () => void {
  return counting(store, id, () => {
    if (lastOf(store, id)?.version !== version) return;
    if (isEvicted) store.evictedNotes.set(id, version);
    else store.evictedNotes.delete(id);
  });
}

export function noteErasure(store: Notes, id: string): () => void {
  return counting(store, id, () => {
    for (const kept of [store.notes, store.noteUses, store.evictedNotes]) kept.delete(id);
  });
}

const counting =
  (store: Notes, id: string, change: () => void): (() => void) =>
  () => {
    const before = counted(store, id);
    change();
    store.noteTally.change(before, counted(store, id));
  };

function counted(store: Notes, id: string): CountedNote | undefined {
  const row = lastOf(store, id);
  if (!row) return undefined;
  const { tenant, namespace, body, isRemoved } = row;
  const isEvicted = store.evictedNotes.has(id);
  return { tenant, namespace, bytes: bytesOf(row), isPinned: body.isPinned, isEvicted, isRemoved };
}

const bytesOf = ({ body }: NoteRow): number => Buffer.byteLength(JSON.stringify(body));

function lastOf({ notes }: Notes, id: string): NoteRow | undefined {
  const versions = notes.get(id);
  return versions?.get(Math.max(...versions.keys()))?.read();
}

export function notesOf(store: Notes, { tenant, namespaces, ids, afterId, limit }: NoteQuery): KeptNote[] {
  const { notes, noteUses, evictedNotes } = store;
  const found: KeptNote[] = [];
  const wanted = ids === undefined ? [...notes.keys()] : [...new Set(ids)];
  for (const id of wanted.toSorted()) {
    if (found.length >= limit) break;
    if (afterId !== undefined && id <= afterId) continue;
    const row = lastOf(store, id);
    if (row === undefined || row.isRemoved || (tenant !== undefined && row.tenant !== tenant)) continue;
    if (namespaces !== undefined && !namespaces.includes(row.namespace)) continue;
    found.push({ ...row, ...(evictedNotes.has(id) ? { isEvicted: true } : {}), ...noteUses.get(id)?.read() });
  }
  return found;
}

export function evictableOf(store: Notes, { tenant, namespace }: NotePlace, limit: number): EvictableNote[] {
  const namespaces = namespace === undefined ? undefined : [namespace];
  return notesOf(store, { tenant, namespaces, limit: Number.POSITIVE_INFINITY })
    .filter(({ body, isEvicted }) => !body.isPinned && isEvicted !== true)
    .toSorted(
      (left, right) =>
        Number(left.body.tier === "long-term") - Number(right.body.tier === "long-term") ||
        (left.previousAtMs ?? 0) - (right.previousAtMs ?? 0) ||
        (left.accessedAtMs ?? left.createdAtMs) - (right.accessedAtMs ?? right.createdAtMs),
    )
    .slice(0, limit)
    .map((row) => ({
      id: row.id,
      tenant: row.tenant,
      namespace: row.namespace,
      version: row.version,
      bytes: bytesOf(row),
    }));
}

export function noteVersionsOf({ notes }: Notes, { tenant, id, writtenBy, limit }: NoteVersionQuery): NoteRow[] {
  const all = id === undefined ? [...notes.values()] : [notes.get(id) ?? new Map<number, Kept<NoteRow>>()];
  return all
    .flatMap((versions) => [...versions.values()].map((kept) => kept.read()))
    .filter((row) => row.tenant === tenant)
    .filter((row) => !writtenBy || (row.pid === writtenBy.pid && row.seq > writtenBy.afterSeq))
    .toSorted((left, right) => (id === undefined ? right.atMs - left.atMs : 0) || right.version - left.version)
    .slice(0, limit);
}
