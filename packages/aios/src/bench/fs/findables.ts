import type { Findable } from "../../kernel/ports.ts";
import { chunksOf } from "./chunks.ts";
import type { IndexedFile } from "./method.ts";

/** The root under which all files are. */
export const space = "corpus";

/** The pieces of a file as the index takes them, each under the file's path. */
export const findablesOf = ({ path, text, modifiedMs }: IndexedFile): Findable[] =>
  chunksOf(text).map((chunk, ordinal) => ({
    id: `${path}#${ordinal}`,
    space,
    version: 1,
    text: chunk,
    terms: [path],
    facets: { modifiedMs },
  }));

export const pathOf = (id: string): string => id.slice(0, id.lastIndexOf("#"));
