import { asPid } from "@aiosjs/sdk/protocol";
import type { Amount } from "./note-amount.ts";
import type { Outbox } from "./outbox.ts";
import type { EvictableNote, Journal, JournalRecord, NotePlace } from "./ports.ts";

/** Notes that are looked for at a time, */
const LOOK = 2_000;
/** and that are evicted in one commit. */
const BATCH = 500;

/**
 * Evicts notes of `place` until so much less is live, those first that were used least (LRU-K), or until none is left that is
 * not pinned. What they say is on disk, as it was: they leave the index, and come back when they are read. Resolves when it is
 * on disk; a crash leaves some of them evicted.
 * @throws SysError ENOSPC, EIO
 */
export async function evictNotes(
  excess: Amount,
  { journal, outbox, place }: { journal: Journal; outbox: Outbox; place: NotePlace },
): Promise<void> {
  let { notes, bytes } = excess;
  while (notes > 0 || bytes > 0) {
    const chosen: EvictableNote[] = [];
    for (const note of await journal.evictableNotes(place, LOOK)) {
      if (notes <= 0 && bytes <= 0) break;
      chosen.push(note);
      notes--;
      bytes -= note.bytes;
    }
    if (chosen.length === 0) return;
    for (let at = 0; at < chosen.length; at += BATCH) {
      const batch = chosen.slice(at, at + BATCH);
      const evictions = batch.map(({ id, version }) => ({
        kind: "noteEvicted" as const,
        id,
        version,
        isEvicted: true,
      }));
      await outbox.commitOnce(...evictions, ...eventsOf(batch, outbox));
    }
  }
}

/** One for each namespace. */
function eventsOf(notes: readonly EvictableNote[], outbox: Outbox): JournalRecord[] {
  const spaces = Map.groupBy(notes, ({ tenant, namespace }) => JSON.stringify([tenant, namespace]));
  return [...spaces.values()].flatMap((evicted) => {
    const [first] = evicted;
    if (!first) return [];
    const { tenant, namespace } = first;
    const pid = namespace.startsWith("process:") ? asPid(namespace.slice("process:".length)) : null;
    const bytes = evicted.reduce((sum, note) => sum + note.bytes, 0);
    return outbox.eventRecord("note.evicted", { tenant, pid }, { namespace, ids: evicted.map(({ id }) => id), bytes });
  });
}
