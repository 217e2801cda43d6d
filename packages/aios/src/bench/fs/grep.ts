import { wordsOf } from "../mem/words.ts";
import { folded, holdsAll, isWithin, searched } from "./method.ts";
import type { FileMethod } from "./method.ts";

/**
 * `grep -ric` for each word: the files that hold all of them, as parts of longer words too, by how often they do. Chinese is
 * cut into words first, which nobody at a shell would do. Files are chosen by their time as `find -newermt` does, and the time
 * need not be read out of the question; its words are looked for all the same.
 */
export function createGrep(): FileMethod {
  let all: { readonly path: string; readonly modifiedMs: number; readonly text: string }[] = [];
  return {
    name: "grep",
    index: async (files) => {
      all = files.map((file) => ({ path: file.path, modifiedMs: file.modifiedMs, text: folded(searched(file)) }));
    },
    find: async ({ text, terms, lang, modified }, limit) => {
      const words = terms.length > 0 ? terms : [...new Set(wordsOf(text, lang))];
      const hits = all.flatMap((file) =>
        isWithin(file.modifiedMs, modified) && holdsAll(file.text, words)
          ? [{ path: file.path, count: words.reduce((sum, word) => sum + occurrences(file.text, folded(word)), 0) }]
          : [],
      );
      return hits
        .toSorted((left, right) => right.count - left.count)
        .slice(0, limit)
        .map(({ path }) => path);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function occurrences(text: string, word: string): number {
  let count = 0;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) count++;
  return count;
}
