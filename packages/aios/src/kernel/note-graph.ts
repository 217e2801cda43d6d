import type { Note, NoteLink, ResultOf } from "@aiosjs/sdk/protocol";

/**
 * The notes around one over its links, `depth` links away at most (default 2) and `limit` notes at most (default 50, with the
 * one itself): at each step the strongest links are followed first. Notes that `lookup` does not tell (gone, or out of the
 * reader's reach) are not there, and neither are the links to them; it is asked for many at once.
 */
export async function graphAround(
  root: Note,
  lookup: (ids: readonly string[]) => readonly Note[] | Promise<readonly Note[]>,
  { depth = 2, limit = 50 }: { depth?: number; limit?: number } = {},
): Promise<ResultOf<"mem.graph">> {
  const notes = new Map([[root.id, root]]);
  let edge: readonly Note[] = [root];
  for (let step = 0; step < depth && edge.length > 0 && notes.size < limit; step++) {
    const strongest = edge
      .flatMap(({ links }) => links)
      .filter(({ to }) => !notes.has(to))
      .toSorted((left, right) => right.strength - left.strength || (left.to < right.to ? -1 : 1));
    const ids = [...new Set(strongest.map(({ to }) => to))];
    const next: Note[] = [];
    // Whoever is not told leaves its place to the next.
    while (ids.length > 0 && notes.size < limit) {
      const asked = ids.splice(0, limit - notes.size);
      const byId = new Map((await lookup(asked)).map((note) => [note.id, note]));
      for (const id of asked) {
        const note = byId.get(id);
        if (!note) continue;
        notes.set(id, note);
        next.push(note);
      }
    }
    edge = next;
  }
  return { notes: [...notes.values()], links: linksAmong([...notes.values()]) };
}

function linksAmong(notes: readonly Note[]): ResultOf<"mem.graph">["links"] {
  const place = new Map(notes.map(({ id }, index) => [id, index]));
  const links = new Map<string, NoteLink & { from: string }>();
  for (const { id, links: own } of notes)
    for (const { to, strength, why } of own) {
      if (!place.has(to) || to === id) continue;
      const [from, end] = place.get(id)! < place.get(to)! ? [id, to] : [to, id];
      const key = JSON.stringify([from, end]);
      const known = links.get(key);
      if (!known || known.strength < strength)
        links.set(key, { from, to: end, strength, why: why || (known?.why ?? "") });
    }
  return [...links.values()];
}
