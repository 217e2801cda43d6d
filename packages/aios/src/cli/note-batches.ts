import type { Note, NoteLink } from "@aiosjs/sdk/protocol";

export interface NoteBatches {
  readonly batches: readonly (readonly Note[])[];
  /** Links between notes of different batches, each once. */
  readonly across: readonly (NoteLink & { readonly from: string })[];
  /** Links between any of the notes, each once. */
  readonly links: number;
  /** Links that lead to none of the notes. */
  readonly outside: number;
}

/**
 * Notes in batches of at most `most` notes and `chars` characters of JSON (a longer note is alone), linked ones together: apart
 * are only those that are linked with more than a batch holds.
 */
export function batchesOf(notes: readonly Note[], { most, chars }: { most: number; chars: number }): NoteBatches {
  const byId = new Map(notes.map((note) => [note.id, note]));
  const lengths = new Map(notes.map((note) => [note.id, JSON.stringify(note).length]));
  const batches: Note[][] = [];
  let batch: Note[] = [];
  let length = 0;
  const close = (): void => {
    if (batch.length > 0) batches.push(batch);
    batch = [];
    length = 0;
  };
  for (const group of groupsOf(notes, byId)) {
    const whole = group.reduce((sum, { id }) => sum + lengths.get(id)!, 0);
    if (batch.length + group.length > most || length + whole > chars) close();
    for (const note of group) {
      if (batch.length === most || length + lengths.get(note.id)! > chars) close();
      batch.push(note);
      length += lengths.get(note.id)!;
    }
  }
  close();
  return { batches, ...linksOf(notes, batches) };
}

/** Notes that are linked with each other, directly or through others, the nearer ones of each side by side. */
function groupsOf(notes: readonly Note[], byId: ReadonlyMap<string, Note>): Note[][] {
  const around = new Map<string, Set<string>>(notes.map(({ id }) => [id, new Set()]));
  for (const { id, links } of notes)
    for (const { to } of links)
      if (byId.has(to)) {
        around.get(id)!.add(to);
        around.get(to)!.add(id);
      }
  const taken = new Set<string>();
  return notes.flatMap(({ id: first }) => {
    if (taken.has(first)) return [];
    taken.add(first);
    const group = [first];
    // It grows while it is gone through.
    for (const id of group)
      for (const next of around.get(id)!)
        if (!taken.has(next)) {
          taken.add(next);
          group.push(next);
        }
    return [group.map((id) => byId.get(id)!)];
  });
}

function linksOf(notes: readonly Note[], batches: readonly Note[][]): Omit<NoteBatches, "batches"> {
  const place = new Map(batches.flatMap((batch, index) => batch.map(({ id }) => [id, index] as const)));
  const across: (NoteLink & { from: string })[] = [];
  const seen = new Set<string>();
  let outside = 0;
  for (const { id: from, links } of notes)
    for (const link of links) {
      if (!place.has(link.to)) outside++;
      const key = from < link.to ? `${from} ${link.to}` : `${link.to} ${from}`;
      if (!place.has(link.to) || seen.has(key)) continue;
      seen.add(key);
      if (place.get(from) !== place.get(link.to)) across.push({ from, ...link });
    }
  return { across, links: seen.size, outside };
}
