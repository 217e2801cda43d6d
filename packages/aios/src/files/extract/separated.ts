import type { Found } from "./extracted.ts";
import { oneLine, Outline } from "./outline.ts";

const delimiters = [",", "\t", ";", "|"];

/** A table of lines: the names of its columns are the heading of all of it. */
export function readSeparated(text: string, maxChars: number): Found {
  const header = firstRow(text);
  const delimiter = delimiters.reduce((best, next) => (count(header, next) > count(header, best) ? next : best));
  const columns = cells(header, delimiter);
  const outline = new Outline(maxChars);
  outline.open(columns.join(", "), { at: 1 });
  outline.add(text);
  const rows = count(text.trimEnd(), "\n");
  return {
    kind: "table",
    unit: "line",
    sections: outline.sections,
    isCut: outline.isCut,
    properties: { columns: oneLine(columns.join(", ")), rows },
  };
}

function count(text: string, what: string): number {
  let found = 0;
  for (let at = text.indexOf(what); at >= 0; at = text.indexOf(what, at + 1)) found++;
  return found;
}

/** Until the first line end outside of quotes, and at most 4,000 characters. */
function firstRow(text: string): string {
  let isQuoted = false;
  const start = text.slice(0, 4000);
  for (let at = 0; at < start.length; at++) {
    if (start[at] === '"') isQuoted = !isQuoted;
    else if (start[at] === "\n" && !isQuoted) return start.slice(0, at);
  }
  return start.split("\n", 1)[0]!;
}

function cells(row: string, delimiter: string): string[] {
  const found: string[] = [];
  let cell = "";
  let isQuoted = false;
  for (const char of row)
    if (char === '"') isQuoted = !isQuoted;
    else if (char === delimiter && !isQuoted) {
      found.push(cell.trim());
      cell = "";
    } else cell += char;
  return [...found, cell.trim()].filter((name) => name !== "");
}
