import type { Chunk } from "../../files/extract/chunks.ts";
import type { Findable } from "../../kernel/ports.ts";
import type { IndexedFile } from "./method.ts";

/** The root under which all files are. */
export const space = "corpus";

/** The pieces of a file as the index takes them, each under the file's path and its heading. */
export const findablesOf = (
  { path, modifiedMs }: Pick<IndexedFile, "path" | "modifiedMs">,
  chunks: readonly Chunk[],
): Findable[] =>
  chunks.map(({ ordinal, heading, text }) => ({
    id: `${path}#${ordinal}`,
    space,
    version: 1,
    text,
    terms: heading === "" ? [path] : [path, heading],
    facets: { modifiedMs },
  }));

export const pathOf = (id: string): string => id.slice(0, id.lastIndexOf("#"));
