import type { Note, ResultOf } from "@aiosjs/sdk/protocol";
import { fit } from "../tui/width.ts";
import { oneLine } from "./text.ts";

type NoteGraph = ResultOf<"mem.graph">;

/** For Graphviz: `dot -Tsvg`. */
export const graphDot = ({ notes, links }: NoteGraph): string =>
  [
    "graph notes {",
    "  node [shape=box, style=rounded];",
    ...notes.map((note) => `  ${quoted(note.id)} [label=${quoted(titleOf(note, 60))}, tooltip=${quoted(note.id)}];`),
    ...links.map(
      ({ from, to, strength, why }) =>
        `  ${quoted(from)} -- ${quoted(to)} [label=${quoted(oneLine(why, 60))}, penwidth=${(0.5 + 2.5 * strength).toFixed(2)}];`,
    ),
    "}",
    "",
  ].join("\n");

/**
 * A tree of the notes, from the first of them, in lines of at most `width` columns (Chinese takes two a character). A note
 * hangs where its first link comes from; a further link to it is a line with ↔ and no branch of its own.
 */
export function graphTree({ notes, links }: NoteGraph, width: number): string {
  const [root] = notes;
  if (!root) return "";
  const byId = new Map(notes.map((note) => [note.id, note]));
  const strongestFirst = links.toSorted((left, right) => right.strength - left.strength);
  const parents = new Map<string, string>();
  for (const { id } of notes)
    for (const { from, to } of strongestFirst)
      if (from === id && to !== root.id && !parents.has(to)) parents.set(to, id);
  const lines: string[] = [`${oneLine(root.id, 64)} ${titleOf(root, width)}`];
  const branch = (id: string, indent: string): void => {
    const below = strongestFirst.filter(({ from }) => from === id);
    for (const [index, { to, strength, why }] of below.entries()) {
      const isLast = index === below.length - 1;
      const hangs = parents.get(to) === id;
      const title = hangs ? ` ${titleOf(byId.get(to)!, width)}` : "";
      const reason = why ? ` (${oneLine(why, width)})` : "";
      lines.push(
        `${indent}${isLast ? "└─" : "├─"} ${hangs ? "" : "↔ "}${strength.toFixed(2)} ${oneLine(to, 64)}${title}${reason}`,
      );
      if (hangs) branch(to, `${indent}${isLast ? "   " : "│  "}`);
    }
  };
  branch(root.id, "");
  return lines.map((line) => fit(line, width)).join("\n");
}

const titleOf = ({ context, content }: Note, max: number): string => oneLine(context || content, Math.max(1, max));

const quoted = (text: string): string => `"${oneLine(text, 200).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
