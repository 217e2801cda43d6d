import { openSearchIndex } from "../../drivers/search/search-index.ts";
import type { FindQuery, SearchIndex } from "../../kernel/ports.ts";
import { chunksOf } from "../../files/extract/chunks.ts";
import { extractText } from "../../files/extract/extract-text.ts";
import { fileRequestOf } from "../../files/query.ts";
import { findablesOf, pathOf, space } from "./findables.ts";
import { folded, holdsAll, searched } from "./method.ts";
import type { AskedQuery, FileMethod, IndexedFile } from "./method.ts";

type By = NonNullable<FindQuery["by"]>;

const names = {
  words: "our full text",
  vectors: "hashed vectors",
  hybrid: "hybrid",
} as const satisfies Record<By, string>;

/** Pieces asked for: of one file there may be many, and of those proposed for exact terms some do not hold them. */
const PIECES_PER_FILE = 6;
const AT_ONCE = 256;

/** Our own index by its words, its vectors or both: one index in memory, filled by the first who is given files, closed by the last. */
export function searchIndexMethods(): readonly FileMethod[] {
  const opened = openSearchIndex();
  const held = new Map<string, IndexedFile>();
  let filled: Promise<void> | undefined;
  const fill = async (files: readonly IndexedFile[]): Promise<void> => {
    const index = await opened;
    for (let at = 0; at < files.length; at += AT_ONCE) {
      const read = files.slice(at, at + AT_ONCE).map(async (file) => findablesOf(file, await chunksIn(file)));
      await index.put((await Promise.all(read)).flat());
    }
    for (const file of files) held.set(file.path, file);
  };
  let users = 3;
  const close = async (): Promise<void> => {
    if (--users === 0) await (await opened)[Symbol.asyncDispose]();
  };
  return (["words", "vectors", "hybrid"] as const).map((by) => ({
    name: names[by],
    index: (files) => (filled ??= fill(files)),
    find: async (query, limit) => {
      const paths = await search(await opened, query, { by, limit });
      // The index proposes, and the files say whether they hold the terms.
      const isRight = (path: string) => {
        const file = held.get(path);
        return file !== undefined && holdsAll(folded(searched(file)), query.terms);
      };
      return (query.terms.length === 0 ? paths : paths.filter(isRight)).slice(0, limit);
    },
    [Symbol.asyncDispose]: close,
  }));
}

const chunksIn = async ({ path, text }: IndexedFile) =>
  chunksOf(await extractText({ path, bytes: Buffer.from(text), maxChars: 1_000_000 }));

async function search(index: SearchIndex, query: AskedQuery, { by, limit }: { by: By; limit: number }) {
  const { text, filters } = requestOf(query);
  const hits = await index.search({ spaces: [space], text, limit: limit * PIECES_PER_FILE, by, filters });
  return [...new Set(hits.map(({ id }) => pathOf(id)))];
}

/** Times are read out of the words, as the system reads them; kinds are left to be found by theirs. */
function requestOf({ text, terms, askedMs }: AskedQuery): Required<Pick<FindQuery, "text" | "filters">> {
  if (terms.length > 0 || askedMs === undefined) return { text, filters: [] };
  const request = fileRequestOf(text, { now: askedMs, zone: "UTC" });
  const { editedFrom: from, editedTo: before } = request;
  if (from === undefined && before === undefined) return { text, filters: [] };
  const to = before === undefined ? {} : { to: before - 1 };
  return { text: request.text, filters: [{ facet: "modifiedMs", ...(from !== undefined && { from }), ...to }] };
}
