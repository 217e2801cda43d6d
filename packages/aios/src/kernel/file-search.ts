import type { ParsedArgsOf, ResultOf } from "@aiosjs/sdk/protocol";
import type { FileCall } from "./file-writing.ts";
import { fileOf, folderSpaceOf, pathFacet, placeOf as placeOfKey, spaceOf } from "./file-index.ts";
import type { FileIndex } from "./file-index.ts";
import { fileReach, placeOf, shown } from "./file-path.ts";
import type { FilePlace } from "./file-path.ts";
import type { FacetFilter, FileRequest, FindQuery, Found, KeptFile } from "./ports.ts";

/** Hits that are looked for beside those asked for: what the index has not been told of yet is not shown. */
const SPARE = 10;
const MAX_LOOKED_AT = 1_000;
/** Of more quotations only the first must stand in a file. */
const MAX_PHRASES = 16;
const SNIPPET = 300;

type Asked = ParsedArgsOf<"fs.search">;
type Hit = ResultOf<"fs.search">["hits"][number];

/** Finds files that the caller reads. */
export async function searchFiles(asked: Asked, index: FileIndex, call: FileCall): Promise<ResultOf<"fs.search">> {
  await index.isFound(call);
  const request = understood(asked, index, call);
  const told = narrowed(asked, request);
  const folders = (asked.folders ?? (told.folder === null ? [] : [told.folder])).map((path) =>
    placeOf(path, "read", call),
  );
  const query = {
    spaces: await spacesOf(folders, { withFolders: told.kinds.includes("folder"), call }),
    // Of a request that is filters alone: what is called so, or has it in its name.
    text: told.text || [...told.kinds, ...told.extensions].join(" ") || asked.query,
    by: asked.by,
    documents: "path",
    phrases: request.phrases?.slice(0, MAX_PHRASES) ?? [],
    filters: [
      ...filtersOf(told, call),
      ...(folders.length === 0 ? [] : [{ facet: "path", isWithin: folders.map(pathFacet) }]),
    ],
  };
  const { found, ...why } = await readable(query, { index, call, limit: asked.limit });
  const shownBy = found.map(({ one }) => pieceOf(one));
  const texts = await (await index.index()).texts(shownBy.flatMap((id) => id ?? []));
  const hits = found.map(({ one, head }, at) => hitOf(one, head, texts.get(shownBy[at] ?? "")));
  return { hits, asked: told, ...why };
}

/** Best first, as many as were asked for: what the index says is held against what is on record. */
async function readable(
  query: Omit<FindQuery, "limit">,
  { index, call, limit }: { index: FileIndex; call: FileCall; limit: number },
): Promise<{ found: { one: Found; head: KeptFile }[]; why?: string }> {
  for (let depth = limit + SPARE; ; depth = Math.min(MAX_LOOKED_AT, depth * 4)) {
    const { found, ...why } = await index.vectors.search({ ...query, limit: depth }, (request, quality) =>
      call.nested("llm.embed", request, quality),
    );
    const heads = await headsOf(
      found.map(({ id }) => fileOf(id)),
      call,
    );
    const there = found.flatMap((one) => {
      const head = heads.get(fileOf(one.id));
      return head ? [{ one, head }] : [];
    });
    if (there.length >= limit || found.length < depth || depth === MAX_LOOKED_AT)
      return { found: there.slice(0, limit), ...why };
  }
}

/** A path in a request that is none of the caller's folders is a word like others. */
function understood({ query, isLiteral }: Asked, index: FileIndex, call: FileCall): FileRequest {
  if (isLiteral) return { text: query };
  const request = index.understand(query);
  if (request.under === undefined) return request;
  try {
    placeOf(request.under, "read", call);
    return request;
  } catch {
    return { text: query };
  }
}

function narrowed(asked: Asked, request: FileRequest): ResultOf<"fs.search">["asked"] {
  return {
    text: request.text,
    kinds: asked.kinds ?? [...(request.kinds ?? [])],
    extensions: [...(request.extensions ?? [])],
    editedFromMs: asked.editedFromMs ?? request.editedFrom ?? null,
    editedToMs: asked.editedToMs ?? request.editedTo ?? null,
    folder: request.under ?? null,
    by: request.by ?? null,
  };
}

function filtersOf(told: ResultOf<"fs.search">["asked"], { record, parts }: FileCall): FacetFilter[] {
  const { kinds, extensions, editedFromMs, editedToMs, by } = told;
  const filters: FacetFilter[] = [];
  if (kinds.length > 0) filters.push({ facet: "kind", isOneOf: kinds });
  if (extensions.length > 0) filters.push({ facet: "extension", isOneOf: extensions });
  if (editedFromMs !== null || editedToMs !== null)
    filters.push({
      facet: "editedAt",
      ...(editedFromMs === null ? {} : { from: editedFromMs }),
      // The last millisecond before.
      ...(editedToMs === null ? {} : { to: editedToMs - 1 }),
    });
  if (by === "me") filters.push({ facet: "by", isOneOf: [record.process.pid] });
  else if (by !== null)
    filters.push({
      facet: "by",
      isOneOf: [...parts.processes]
        .filter(({ name, tenant }) => name === by && tenant === record.process.tenant)
        .map(({ pid }) => pid),
    });
  return filters;
}

/** Roots that the caller reads, those of the folders alone where there are any. */
async function spacesOf(
  folders: readonly FilePlace[],
  { withFolders, call }: { withFolders: boolean; call: FileCall },
): Promise<string[]> {
  const { parts } = call;
  const { tenant, namespaces } = fileReach(call);
  const own = folders.length > 0 ? [...new Set(folders.map(({ root }) => root))] : namespaces;
  const roots = own ?? (await parts.journal.fileRoots(tenant)).map(({ root }) => root);
  return roots.flatMap((root) => {
    const place = { tenant, root };
    return withFolders ? [spaceOf(place), folderSpaceOf(place)] : [spaceOf(place)];
  });
}

/** What a file says is shown rather than what it is called; undefined: it was found by its name alone. */
const pieceOf = ({ id, pieces = [id] }: Found): string | undefined => pieces.find((one) => one !== fileOf(one));

async function headsOf(keys: readonly string[], { files, record }: FileCall): Promise<Map<string, KeptFile>> {
  const { tenant } = record.process;
  const places = keys.map(placeOfKey).filter((place) => place.tenant === tenant);
  const heads = new Map<string, KeptFile>();
  for (const [root, of] of Map.groupBy(places, (place) => place.root)) {
    const paths = of.map(({ path }) => path);
    for (const [path, head] of await files.heads({ tenant, root, path: "" }, paths))
      if (head.kind !== "gone") heads.set(`${tenant}\n${root}\n${path}`, head);
  }
  return heads;
}

function hitOf({ score, why }: Found, head: KeptFile, text: string | undefined): Hit {
  const { sizeBytes, version, atMs: editedAt, labels } = head;
  const snippet = text === undefined ? null : clipped(text);
  return { path: shown(head), kind: head.kind, sizeBytes, version, editedAt, labels, score, snippet, why };
}

const clipped = (text: string): string =>
  text.length <= SNIPPET ? text : `${text.slice(0, SNIPPET - 1).toWellFormed()}…`;
