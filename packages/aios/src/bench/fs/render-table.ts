import type { Random } from "../../kernel/ports.ts";
import { one } from "../mem/draws.ts";
import type { CorpusFile } from "./corpus-file.ts";
import type { FilePhrases } from "./phrases.ts";
import type { Content } from "./render.ts";

interface TableParts {
  readonly content: Content;
  readonly file: CorpusFile;
  readonly phrases: FilePhrases;
}

/** A row for each sentence, which is its remark: date, what, how many, for how much, what became of it. */
export function tableText(random: Random, { content, file, phrases }: TableParts): string {
  const { columns, filler } = phrases;
  const rows = [content.title, ...content.sentences].map((remark) => [
    `2026-${two(1 + random.next() * 12)}-${two(1 + random.next() * 28)}`,
    one(random, filler.what),
    1 + Math.floor(random.next() * 99),
    Math.round(random.next() * 90_000) / 100,
    one(random, filler.does),
    remark,
  ]);
  if (file.format === "csv") return [columns, ...rows].map((row) => `${row.map(cell).join(",")}\n`).join("");
  const records = rows.map((row) => Object.fromEntries(row.map((value, at) => [columns[at] ?? at, value])));
  return `${JSON.stringify(records, null, 1)}\n`;
}

const two = (value: number): string => `${Math.floor(value)}`.padStart(2, "0");

/** RFC 4180. */
const cell = (value: string | number): string =>
  typeof value === "string" && /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : `${value}`;
