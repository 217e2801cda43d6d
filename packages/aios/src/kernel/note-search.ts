import type { ParsedArgsOf, ResultOf } from "@aiosjs/sdk/protocol";
import type { KernelCall } from "./devices/device.ts";
import { noteOf } from "./memory.ts";
import type { Memory } from "./memory.ts";
import { liftOf } from "./note-ranking.ts";
import { checkNamespace, isWithin, spaceOf } from "./note-space.ts";
import type { Reach } from "./note-space.ts";
import { useNotes } from "./note-use.ts";
import type { Parts } from "./parts.ts";
import type { FacetFilter, KeptNote } from "./ports.ts";
import { wholeTerm } from "./search-port.ts";

/** Notes that are read at a time when they are chosen by what they are. */
const PAGE = 500;
/** Places behind the last hit from where a note may still rise among the hits. */
const CANDIDATES = 10;
/** A linked note is worth what the hit is that leads to it, times their link's strength, times this. */
const LINK_DAMPING = 0.6;

type Filters = Pick<
  ParsedArgsOf<"mem.search">,
  "namespaces" | "tiers" | "tags" | "keywords" | "trust" | "uri" | "sinceMs" | "untilMs"
>;
type Hit = ResultOf<"mem.search">["hits"][number];

/** Finds notes, and those that are linked to what was found; who is found is used. */
export async function searchNotes(
  { query, limit, by, links, ...filters }: ParsedArgsOf<"mem.search">,
  options: {
    memory: Memory;
    reach: Reach;
    parts: Pick<Parts, "journal" | "clock" | "outbox" | "noteQuotas">;
    call: Pick<KernelCall, "nested" | "record" | "signal">;
  },
): Promise<ResultOf<"mem.search">> {
  const { memory, reach, parts, call } = options;
  const { tenant } = reach;
  await memory.isFound(call);
  const named = filters.namespaces?.map((one) => checkNamespace(one, reach)) ?? reach.namespaces;
  // A key of the tenant reaches all of its namespaces.
  const reached = named ?? (await parts.journal.noteNamespaces(tenant));
  const spaces = reached.map((namespace) => spaceOf({ tenant, namespace }));
  const nowMs = parts.clock.nowMs();
  const asked = {
    spaces,
    text: query,
    limit: limit + CANDIDATES,
    by,
    terms: [...(filters.tags ?? []), ...(filters.keywords ?? [])],
    filters: facetsOf(filters),
  };
  const { found, ...why } = await memory.vectors.search(asked, (request, quality) =>
    call.nested("llm.embed", request, quality),
  );
  const rows = await rowsOf(
    found.map(({ id }) => id),
    { reach, parts },
  );
  const lifted = found.flatMap(({ id, score, why }): Hit[] => {
    const row = rows.get(id);
    if (!row) return [];
    const note = noteOf(row);
    const lift = liftOf(note, nowMs);
    return [{ note, score: score * lift.factor, why: { ...why, lift } }];
  });
  const hits = new Map(
    lifted
      .toSorted(bestFirst)
      .slice(0, limit)
      .map((hit) => [hit.note.id, hit]),
  );
  for (const hit of await linkedTo(hits, { links, filters, reach, parts, rows })) hits.set(hit.note.id, hit);
  const best = [...hits.values()].toSorted(bestFirst);
  const used = best.flatMap(({ note }) => rows.get(note.id) ?? []);
  await useNotes(used, parts, { found: 1 });
  return { hits: best, ...why };
}

/** Equals stay in the order in which they were found. */
const bestFirst = (left: Hit, right: Hit): number => right.score - left.score;

/** Notes behind the links of hits, the strongest first: what the words of a question do not lead to, its answer may. */
async function linkedTo(
  hits: ReadonlyMap<string, Hit>,
  options: {
    links: number;
    filters: Filters;
    reach: Reach;
    parts: Pick<Parts, "journal">;
    /** Those that were read; what is read here comes to them. */
    rows: Map<string, KeptNote>;
  },
): Promise<Hit[]> {
  const { links, filters, reach, parts, rows } = options;
  if (links === 0) return [];
  const ways = new Map<string, { from: string; strength: number; score: number }>();
  for (const { note, score } of hits.values())
    for (const { to, strength } of note.links) {
      const way = { from: note.id, strength, score: score * strength * LINK_DAMPING };
      if (!hits.has(to) && way.score > (ways.get(to)?.score ?? 0)) ways.set(to, way);
    }
  for (const [id, row] of await rowsOf([...ways.keys()], { reach, parts })) rows.set(id, row);
  return [...ways]
    .flatMap(([id, { score, ...link }]) => {
      const row = rows.get(id);
      return row && isChosen(row, filters) ? [{ note: noteOf(row), score, why: { link } }] : [];
    })
    .toSorted((left, right) => right.score - left.score)
    .slice(0, links);
}

async function rowsOf(
  ids: readonly string[],
  { reach, parts }: { reach: Reach; parts: Pick<Parts, "journal"> },
): Promise<Map<string, KeptNote>> {
  const rows = ids.length === 0 ? [] : await parts.journal.notes({ tenant: reach.tenant, ids, limit: ids.length });
  return new Map(rows.filter((row) => isWithin(reach, row)).map((row) => [row.id, row]));
}

/** Notes by what they are, without a search; those that are named by their ids also when they were removed. */
export async function selectNotes(
  { ids, ...filters }: Filters & { readonly ids?: readonly string[] | undefined },
  { reach, parts, limit }: { reach: Reach; parts: Pick<Parts, "journal">; limit: number },
): Promise<KeptNote[]> {
  const { tenant } = reach;
  const namespaces = filters.namespaces?.map((one) => checkNamespace(one, reach)) ?? reach.namespaces;
  const chosen: KeptNote[] = [];
  for (let afterId: string | undefined; chosen.length < limit;) {
    const page = await parts.journal.notes({ tenant, namespaces, ids, afterId, limit: PAGE });
    for (const row of page) if (isChosen(row, filters)) chosen.push(row);
    afterId = page.at(-1)?.id;
    if (page.length < PAGE) break;
  }
  const present = new Set(chosen.map(({ id }) => id));
  for (const id of ids ?? []) {
    if (present.has(id)) continue;
    const [last] = await parts.journal.noteVersions({ tenant, id, limit: 1 });
    if (last?.isRemoved && isWithin(reach, last) && isChosen(last, filters)) chosen.push(last);
  }
  return chosen.slice(0, limit);
}

const facetsOf = ({ tiers, trust, uri, sinceMs, untilMs }: Filters): FacetFilter[] => [
  ...(tiers ? [{ facet: "tier", isOneOf: tiers }] : []),
  ...(trust ? [{ facet: "trust", isOneOf: trust }] : []),
  ...(uri === undefined ? [] : [{ facet: "uri", isOneOf: [uri] }]),
  ...(sinceMs === undefined ? [] : [{ facet: "createdAt", from: sinceMs }]),
  // The last millisecond before.
  ...(untilMs === undefined ? [] : [{ facet: "createdAt", to: untilMs - 1 }]),
];

function isChosen({ body, createdAtMs, namespace }: KeptNote, filters: Filters): boolean {
  const { namespaces, tiers, tags = [], keywords = [], trust, uri, sinceMs, untilMs } = filters;
  const has = (own: readonly string[], wanted: readonly string[]): boolean => {
    const known = new Set(own.map(wholeTerm));
    return wanted.every((one) => known.has(wholeTerm(one)));
  };
  return (
    (namespaces === undefined || namespaces.includes(namespace)) &&
    (tiers === undefined || tiers.includes(body.tier)) &&
    (trust === undefined || trust.includes(body.labels.trust)) &&
    (uri === undefined || uri === body.source.uri) &&
    (sinceMs === undefined || createdAtMs >= sinceMs) &&
    (untilMs === undefined || createdAtMs < untilMs) &&
    has([...body.keywords, ...body.tags], [...tags, ...keywords])
  );
}
