import type { CommandRow } from "./registry.ts";
import { flagOf, globalOptions } from "./registry.ts";

export interface Located {
  /** The command whose path the first words spell; the longest path wins. */
  readonly row: CommandRow | undefined;
  /** Without a row: the words that at least begin some path ("config"). */
  readonly family: string;
  /** The command line without the path's words. */
  readonly words: readonly string[];
}

/** Finds the command in the command line; global options may stand before and between the path's words. */
export function locate(argv: readonly string[], rows: readonly CommandRow[]): Located {
  const paths = rows.flatMap((row) => [row.path, ...(row.aliases ?? [])].map((path) => ({ path, row })));
  const globals: string[] = [];
  const walked: string[] = [];
  let best: Located | undefined;
  let index = 0;
  for (; index < argv.length; index++) {
    const word = argv[index]!;
    const size = sizeOfGlobal(word);
    if (size > 0) {
      globals.push(...argv.slice(index, index + size));
      index += size - 1;
      continue;
    }
    const path = [...walked, word].join(" ");
    if (!paths.some((each) => each.path === path || each.path.startsWith(`${path} `))) break;
    walked.push(word);
    const exact = paths.find((each) => each.path === path);
    if (exact) best = { row: exact.row, family: "", words: [...globals, ...argv.slice(index + 1)] };
  }
  return best ?? { row: undefined, family: walked.join(" "), words: argv.slice(index) };
}

/** How many words a global option takes, its value included; 0 for all else. */
function sizeOfGlobal(word: string): number {
  if (!word.startsWith("-")) return 0;
  for (const option of globalOptions) {
    const flag = flagOf(option);
    const short = "short" in option ? `-${option.short}` : undefined;
    if (word === flag || word === short) return option.kind === "flag" ? 1 : 2;
    if (option.kind !== "flag" && word.startsWith(`${flag}=`)) return 1;
  }
  return 0;
}
