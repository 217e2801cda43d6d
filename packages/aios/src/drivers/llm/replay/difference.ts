import type { Line } from "./line.ts";

type Asked = Pick<Line, "syscall" | "model" | "request">;

const VALUE_LENGTH = 60;
const BEFORE = 20;
const MOST = 3;

interface Nearest {
  /** Its place among the lines given, from 1. */
  readonly number: number;
  /** The first differences, for people; never empty. */
  readonly differences: readonly string[];
}

/** The recorded request that is most like this one, and what differs. Undefined where there is none of its kind. */
export function nearest(asked: Asked, lines: readonly Line[]): Nearest | undefined {
  const mine = leavesOf(asked);
  let best: { number: number; names: string[]; theirs: Map<string, string> } | undefined;
  for (const [index, line] of lines.entries()) {
    if (line.syscall !== asked.syscall) continue;
    const theirs = leavesOf(line);
    const names = [...new Set([...mine.keys(), ...theirs.keys()])].filter(
      (name) => mine.get(name) !== theirs.get(name),
    );
    if (!best || names.length < best.names.length) best = { number: index + 1, names, theirs };
  }
  if (!best) return undefined;
  const { number, names, theirs } = best;
  const told = names.slice(0, MOST).map((name) => {
    const [asks, has] = excerpts(mine.get(name), theirs.get(name));
    return `${name} is ${asks}, recorded was ${has}`;
  });
  return { number, differences: names.length > MOST ? [...told, `and ${names.length - MOST} more`] : told };
}

/** Two texts from shortly before where they part. */
function excerpts(left: string | undefined, right: string | undefined): string[] {
  let same = 0;
  while (left !== undefined && left[same] === right?.[same] && same < left.length) same++;
  const from = Math.max(0, same - BEFORE);
  return [left, right].map((text) => {
    if (text === undefined) return "absent";
    const shown = text.slice(from, from + VALUE_LENGTH);
    return `${from > 0 ? "…" : ""}${shown}${from + VALUE_LENGTH < text.length ? "…" : ""}`;
  });
}

/** Values by path, as JSON. */
function leavesOf({ model, request }: Asked): Map<string, string> {
  const leaves = new Map<string, string>();
  const visit = (path: string, value: unknown): void => {
    if (typeof value !== "object" || value === null) {
      leaves.set(path, JSON.stringify(value) ?? "absent");
      return;
    }
    const members = Object.entries(value);
    if (members.length === 0) leaves.set(path, Array.isArray(value) ? "[]" : "{}");
    for (const [name, member] of members)
      visit(Array.isArray(value) ? `${path}[${name}]` : path === "" ? name : `${path}.${name}`, member);
  };
  leaves.set("model", JSON.stringify(model));
  visit("", request);
  return leaves;
}
