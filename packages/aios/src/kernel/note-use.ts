import type { JournalRecord, KeptNote } from "./ports.ts";

/** Uses closer to each other count as one (the correlated reference period of LRU-K). */
const CORRELATED_MS = 5_000;

/** A note is used now; `retrievals` is how often a search found it with this. */
export function usedNote(note: KeptNote, nowMs: number, retrievals = note.retrievals ?? 0): JournalRecord {
  const { id, createdAtMs, accessedAtMs = createdAtMs, previousAtMs = null } = note;
  const isAnother = nowMs - accessedAtMs >= CORRELATED_MS;
  return {
    kind: "noteUse",
    row: { id, accessedAtMs: nowMs, previousAtMs: isAnother ? accessedAtMs : previousAtMs, retrievals },
  };
}
