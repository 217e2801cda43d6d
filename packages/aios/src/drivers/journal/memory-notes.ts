import type { NoteQuery, NoteRow, NoteUseRow, NoteVersionQuery } from "../../kernel/ports.ts";
import { Kept } from "./kept.ts";
import type { MemoryStore } from "./memory-store.ts";

type Notes = Pick<MemoryStore, "notes" | "noteUses">;

export function noteChange({ notes }: Notes, row: NoteRow): () => void {
  const kept = new Kept(row);
  return () => {
    const versions = notes.get(row.id) ?? new Map<number, Kept<NoteRow>>();
    notes.set(row.id, versions);
    versions.set(row.version, kept);
  };
}

export function notesOf(
  { notes, noteUses }: Notes,
  { tenant, namespaces, ids, afterId, limit }: NoteQuery,
): (NoteRow & Partial<NoteUseRow>)[] {
  const found: (NoteRow & Partial<NoteUseRow>)[] = [];
  const wanted = ids === undefined ? [...notes.keys()] : [...new Set(ids)];
  for (const id of wanted.toSorted()) {
    if (found.length >= limit) break;
    const versions = notes.get(id);
    if (versions === undefined || (afterId !== undefined && id <= afterId)) continue;
    const row = (versions.get(Math.max(...versions.keys())) as Kept<NoteRow>).read();
    if (row.isRemoved || (tenant !== undefined && row.tenant !== tenant)) continue;
    if (namespaces === undefined || namespaces.includes(row.namespace))
      found.push({ ...row, ...noteUses.get(id)?.read() });
  }
  return found;
}

export function noteVersionsOf({ notes }: Notes, { tenant, id, writtenBy, limit }: NoteVersionQuery): NoteRow[] {
  const all = id === undefined ? [...notes.values()] : [notes.get(id) ?? new Map<number, Kept<NoteRow>>()];
  return all
    .flatMap((versions) => [...versions.values()].map((kept) => kept.read()))
    .filter((row) => row.tenant === tenant)
    .filter((row) => !writtenBy || (row.pid === writtenBy.pid && row.seq > writtenBy.afterSeq))
    .toSorted((left, right) => right.atMs - left.atMs || right.version - left.version)
    .slice(0, limit);
}
