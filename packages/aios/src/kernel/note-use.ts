import { isSysError } from "@aiosjs/sdk/protocol";
import type { Parts } from "./parts.ts";
import type { KeptNote } from "./ports.ts";

/** Uses closer to each other count as one (the correlated reference period of LRU-K). */
const CORRELATED_MS = 5_000;

/**
 * Notes are read: they count as used; those that were evicted come back, where there is room. `found` counts in how many more
 * searches each was a hit.
 */
export async function useNotes(
  notes: readonly KeptNote[],
  { clock, outbox, noteQuotas }: Pick<Parts, "clock" | "outbox" | "noteQuotas">,
  { found = 0 }: { found?: number } = {},
): Promise<void> {
  const accessedAtMs = clock.nowMs();
  for (const { id, createdAtMs, accessedAtMs: lastMs = createdAtMs, previousAtMs = null, retrievals = 0 } of notes) {
    const isAnother = accessedAtMs - lastMs >= CORRELATED_MS;
    const row = { id, accessedAtMs, previousAtMs: isAnother ? lastMs : previousAtMs, retrievals: retrievals + found };
    outbox.note({ kind: "noteUse", row });
  }
  for (const note of notes)
    try {
      if (note.isEvicted) await noteQuotas.comeBack(note);
    } catch (cause) {
      // It was read all the same, and stays evicted: there is no room, or the disk is full.
      if (!isSysError(cause)) throw cause;
    }
}
