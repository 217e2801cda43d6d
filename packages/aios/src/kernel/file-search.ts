import type { ParsedArgsOf, ResultOf } from "@aiosjs/sdk/protocol";
import type { FileCall } from "./file-writing.ts";
import { fileOf, placeOf as placeOfKey, spaceOf } from "./file-index.ts";
import type { FileIndex } from "./file-index.ts";
import { isInside, placeOf, shown } from "./file-path.ts";
import type { FilePlace } from "./file-path.ts";
import { reachOf } from "./note-space.ts";
import type { FacetFilter, FileRequest, Found, KeptFile } from "./ports.ts";

/** Texts that are looked at for one hit: a file is found by several of its chunks, and some are out of the folders asked for. */
const DEPTH = 8;
const MAX_DEPTH = 400;
const SNIPPET = 300;

type Asked = ParsedArgsOf<"fs.search">;
type Hit = ResultOf<"fs.search">["hits"][number];

/** Finds files that the caller reads. */
export async function searchFiles(asked: Asked, index: FileIndex, call: FileCall): Promise<ResultOf<"fs.search">> {
  await index.isFound(call);
  const told = narrowed(asked, understood(asked, index, call));
  const folders = (asked.folders ?? (told.folder === null ? [] : [told.folder])).map((path) =>
    placeOf(path, "read", call),
  );
  const spaces = await spacesOf(folders, call);
  const found = await (
    await index.index()
  ).search({
    spaces,
    // Of a request that is filters alone: what is called so, or has it in its name.
    text: told.text || [...told.kinds, ...told.extensions].join(" ") || asked.query,
    limit: Math.min(MAX_DEPTH, asked.limit * DEPTH),
    by: asked.by,
    filters: filtersOf(told, call),
  });
  const best = bestOf(found);
  const heads = await headsOf([...best.keys()], call);
  const inside = (place: FilePlace): boolean =>
    folders.length === 0 ||
    folders.some(
      (folder) => folder.root === place.root && (place.path === folder.path || isInside(place.path, folder.path)),
    );
  const hits = [...best.values()]
    .flatMap((one) => {
      const head = heads.get(fileOf(one.id));
      return head && inside(head) ? [{ one, head }] : [];
    })
    .slice(0, asked.limit);
  const texts = await (await index.index()).texts(hits.map(({ one }) => one.id));
  const own = hits.map(({ one, head }) => hitOf(one, head, texts.get(one.id)));
  return { hits: own, asked: told };
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
      ...(editedToMs === null ? {} : { to: editedToMs }),
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
async function spacesOf(folders: readonly FilePlace[], { parts, record, principal }: FileCall): Promise<string[]> {
  if (folders.length > 0) return [...new Set(folders.map(spaceOf))];
  const { tenant, namespaces } = reachOf({ process: record.process, principal }, parts);
  const roots = namespaces ?? (await parts.journal.fileRoots(tenant)).map(({ root }) => root);
  return roots.map((root) => spaceOf({ tenant, root }));
}

/** Of each file the text that was found first, in their order. */
function bestOf(found: readonly Found[]): Map<string, Found> {
  const best = new Map<string, Found>();
  for (const one of found) {
    const key = fileOf(one.id);
    const known = best.get(key);
    // What it says is shown rather than what it is called.
    if (!known || (known.id === key && one.id !== key))
      best.set(key, { ...one, score: Math.max(one.score, known?.score ?? 0) });
  }
  return best;
}

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

function hitOf({ id, score, why }: Found, head: KeptFile, text: string | undefined): Hit {
  const { sizeBytes, version, atMs: editedAt, labels } = head;
  const isName = id === fileOf(id);
  const snippet = isName || text === undefined ? null : clipped(text);
  return { path: shown(head), kind: head.kind, sizeBytes, version, editedAt, labels, score, snippet, why };
}

const clipped = (text: string): string =>
  text.length <= SNIPPET ? text : `${text.slice(0, SNIPPET - 1).toWellFormed()}…`;
