import type { Note } from "@aiosjs/sdk/protocol";
import { noteOf } from "./note-of.ts";

export const linked = (id: string, ...links: [to: string, strength: number, why?: string][]): Note =>
  noteOf(id, { context: `About ${id}.`, links: links.map(([to, strength, why = ""]) => ({ to, strength, why })) });
export const among = (...notes: Note[]) => {
  const asked: string[][] = [];
  const byId = new Map(notes.map((note) => [note.id, note]));
  const lookup = (ids: readonly string[]) => {
    asked.push([...ids]);
    return Promise.resolve(ids.flatMap((id) => byId.get(id) ?? []).toReversed());
  };
  return Object.assign(lookup, { asked });
};
export const root = linked("root", ["b", 0.5, "weaker"], ["a", 0.9, "stronger"], ["gone", 1]);
export const a = linked("a", ["root", 0.9, "stronger"], ["b", 0.3, "aside"], ["c", 0.2]);
export const b = linked("b", ["root", 0.5, "weaker"], ["a", 0.3, "aside"]);
export const c = linked("c", ["a", 0.2], ["d", 1]);
export const d = linked("d", ["c", 1]);
