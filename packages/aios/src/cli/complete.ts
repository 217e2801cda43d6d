import { locate } from "./locate.ts";
import type { CommandRow, OptionSpec } from "./registry.ts";
import { commands, flagOf, globalOptions } from "./registry.ts";

/**
 * What may stand where the cursor is: the words after `aios`, the last of which is being typed (it may be empty).
 * The shells' scripts ask for it on each TAB, so it loads nothing.
 */
export function completionsFor(words: readonly string[]): string[] {
  const before = words.slice(0, -1);
  const typed = words.at(-1) ?? "";
  if (before.includes("--")) return [];
  const rows = (commands as readonly CommandRow[]).filter((row) => !row.isHidden);
  const { row, family, words: rest } = locate(before, rows);
  const matching = (candidates: readonly string[]) =>
    [...new Set(candidates)].filter((candidate) => candidate.startsWith(typed));

  const options: readonly OptionSpec[] = [...(row?.options ?? []), ...globalOptions];
  const wanting = options.find((option) => option.kind !== "flag" && flagOf(option) === before.at(-1));
  if (wanting) return matching(wanting.choices ?? []);
  if (typed.startsWith("-")) return matching([...options.map(flagOf), "--help"]);
  if (row) {
    const position = rest.filter((word) => !word.startsWith("-")).length;
    const argument = row.args?.[position] ?? (row.args?.at(-1)?.isVariadic ? row.args.at(-1) : undefined);
    if (argument?.choices) return matching(argument.choices);
    // A command that is a family too (`run`, `budget`) has nothing else to offer.
    return nextWords(rows, row.path, matching);
  }
  return rest.length > 0 ? [] : nextWords(rows, family, matching);
}

function nextWords(
  rows: readonly CommandRow[],
  path: string,
  matching: (candidates: readonly string[]) => string[],
): string[] {
  const prefix = path === "" ? "" : `${path} `;
  const deeper = rows.filter((row) => row.path.startsWith(prefix) && row.path !== path);
  return matching(deeper.map((row) => row.path.slice(prefix.length).split(" ")[0]!));
}
