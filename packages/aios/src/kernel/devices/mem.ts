import { SysError } from "@aiosjs/sdk/protocol";
import type { Note } from "@aiosjs/sdk/protocol";
import { seesAll } from "../access.ts";
import { noteOf } from "../memory.ts";
import type { Memory } from "../memory.ts";
import { buildNote } from "../note-building.ts";
import { consolidate } from "../note-consolidation.ts";
import { copyId } from "../note-copy.ts";
import { graphAround } from "../note-graph.ts";
import { searchNotes, selectNotes } from "../note-search.ts";
import { checkNamespace, checkWritable, isWithin, reachOf } from "../note-space.ts";
import type { Reach } from "../note-space.ts";
import { noteUsageOf } from "../note-usage.ts";
import { useNotes } from "../note-use.ts";
import {
  importedLabels,
  linkedNote,
  newNote,
  newNoteId,
  nextVersion,
  noteBody,
  ofNote,
  unlinkedNote,
} from "../note-writing.ts";
import type { Said } from "../note-writing.ts";
import type { KeptNote, NoteBody, NoteRow } from "../ports.ts";
import type { KernelCall, KernelDevice } from "./device.ts";

type MemName =
  | `mem.${
      | "add"
      | "get"
      | "update"
      | "remove"
      | "search"
      | "link"
      | "unlink"
      | "graph"
      | "history"
      | "export"
      | "import"
      | "forget"}`
  | "mem.consolidate"
  | "mem.usage"
  | "mem.verify";

const FORGET_PAGE = 500;

/** Notes: what processes remember beyond their context. */
export const memDevice: KernelDevice<MemName> = {
  "mem.add": async ({ namespace, build, ...said }, call) => {
    const place = (): string => placeOf(namespace, call);
    const first = place();
    // Model calls are a process's own: it pays for them.
    if (build === "model" && call.record.process.kind !== "kernel")
      return { version: 1, ...(await buildNote(said, place, { ...call, memory: at(call).memory })) };
    const isAsked = build === "model" ? { why: "no process asks: there is nobody to pay for a model" } : {};
    const id = newNoteId(call);
    const row = newNote(bodyOf(said, undefined, call), { namespace: first, id }, call);
    await call.parts.noteQuotas.admit([row], call.record);
    place();
    call.record.effects.push(ofNote(row));
    return { id, version: 1, by: "extraction" as const, evolved: [], ...isAsked };
  },

  "mem.get": async ({ id }, call) => {
    const row = await found(id, call);
    await useNotes([row], call.parts);
    return noteOf(row);
  },

  "mem.update": async ({ id, ifVersion, ...said }, call) => {
    const row = await taken(id, call, ifVersion);
    const next = nextVersion(row, bodyOf(said, row.body, call), call);
    await call.parts.noteQuotas.admit([next], call.record, row);
    checkWritable(row.namespace, at(call).reach);
    call.record.effects.push(ofNote(next));
    return { version: next.version };
  },

  "mem.remove": async ({ id, ifVersion }, call) => {
    const { memory, reach } = at(call);
    await memory.hold(meantBy(id, call), call.record);
    const row = await meant(id, call);
    if (!row) return { removed: false };
    checkWritable(row.namespace, reach);
    checkVersion(row, ifVersion);
    call.record.effects.push(ofNote({ ...nextVersion(row, row.body, call), isRemoved: true }));
    return { removed: true };
  },

  "mem.search": (query, call) => searchNotes(query, { ...at(call), parts: call.parts, call }),

  "mem.link": async ({ from, to, strength, why }, call) => {
    const [one, other] = await pair(from, to, call);
    call.record.effects.push(ofNote(linkedNote(one, { to: other.id, strength, why }, call)));
    call.record.effects.push(ofNote(linkedNote(other, { to: one.id, strength, why }, call)));
    return {};
  },

  "mem.unlink": async ({ from, to }, call) => {
    const [one, other] = await pair(from, to, call);
    const isLinked = [one, other].some((row) =>
      row.body.links.some((link) => link.to === one.id || link.to === other.id),
    );
    if (isLinked)
      for (const [row, gone] of [
        [one, other],
        [other, one],
      ] as const)
        call.record.effects.push(ofNote(unlinkedNote(row, gone.id, call)));
    return { unlinked: isLinked };
  },

  "mem.graph": async ({ id, depth, limit }, call) => {
    const { reach } = at(call);
    const root = noteOf(await found(id, call));
    const lookup = async (ids: readonly string[]): Promise<Note[]> => {
      const rows = await call.parts.journal.notes({ tenant: reach.tenant, ids, limit: ids.length });
      return rows.filter((row) => isWithin(reach, row)).map(noteOf);
    };
    return graphAround(root, lookup, { depth, limit });
  },

  "mem.history": async ({ id, limit }, call) => {
    const { reach } = at(call);
    let versions: readonly NoteRow[] = [];
    for (const one of meantBy(id, call)) {
      versions = await call.parts.journal.noteVersions({ tenant: reach.tenant, id: one, limit });
      if (versions[0] && isWithin(reach, versions[0])) break;
    }
    if (!versions[0] || !isWithin(reach, versions[0])) throw noNote(id);
    return {
      versions: versions.map((row) => {
        const { accessedAt: _accessedAt, retrievalCount: _count, ...note } = noteOf(row);
        return { ...note, isRemoved: row.isRemoved };
      }),
    };
  },

  "mem.export": async ({ namespaces, after, limit }, call) => {
    const { reach } = at(call);
    const { tenant } = reach;
    const wanted = namespaces?.map((one) => checkNamespace(one, reach)) ?? reach.namespaces;
    const rows = await call.parts.journal.notes({ tenant, namespaces: wanted, afterId: after, limit: limit + 1 });
    const page = rows.slice(0, limit);
    const notes = page.filter((row) => isWithin(reach, row)).map(noteOf);
    return { notes, next: rows.length > limit ? (page.at(-1)?.id ?? null) : null };
  },

  "mem.import": async ({ namespace, notes }, call) => {
    const place = placeOf(namespace, call);
    const ids = new Map(notes.map(({ id }) => [id, newNoteId(call)]));
    const rows = notes.map((note) => {
      const links = note.links.flatMap((link) => {
        const to = ids.get(link.to);
        return to === undefined ? [] : [{ ...link, to }];
      });
      const { content, keywords, tags, context, category, importance, tier, isPinned, source } = note;
      const said = { content, keywords, tags, context, category, importance, tier, isPinned, uri: source.uri };
      const body = { ...bodyOf(said, undefined, call), links, labels: importedLabels(note.labels, call) };
      const id = ids.get(note.id) as string;
      return newNote(body, { namespace: place, id }, call);
    });
    await call.parts.noteQuotas.admit(rows, call.record);
    placeOf(namespace, call);
    call.record.effects.push(...rows.map(ofNote));
    return { ids: [...ids].map(([was, is]) => ({ was, is })) };
  },

  "mem.consolidate": (args, call) =>
    consolidate(args, () => placeOf(args.namespace, call), { ...call, memory: at(call).memory }),

  "mem.forget": async ({ ids, ...filters }, call) => {
    const { reach } = at(call);
    if (ids === undefined && Object.values(filters).every((filter) => filter === undefined))
      throw new SysError("EINVAL", "mem.forget is not told what to forget", {
        hint: "give ids, or a filter: namespaces, tiers, tags, keywords, trust, uri, sinceMs, untilMs",
      });
    const namespaces = filters.namespaces ?? (ids ? undefined : reach.writable?.slice());
    const all = await selectNotes(
      { ids: ids && [...new Set(ids.flatMap((id) => meantBy(id, call)))], ...filters, namespaces },
      { reach, parts: call.parts, limit: FORGET_PAGE + 1 },
    );
    const links = await heldWithLinks(all, call);
    const chosen = all.filter((row) => isWithin(reach, row));
    for (const { namespace } of chosen) checkWritable(namespace, reach);
    const forgotten = chosen.slice(0, FORGET_PAGE).map(({ id }) => id);
    const gone = new Set(forgotten);
    const around = [...links].filter((id) => !gone.has(id));
    const neighbours =
      around.length === 0
        ? []
        : await call.parts.journal.notes({ tenant: reach.tenant, ids: around, limit: around.length });
    for (const id of forgotten) call.record.effects.push({ kind: "noteErased", id });
    for (const row of neighbours) {
      const links = row.body.links.filter(({ to }) => !gone.has(to));
      if (links.length < row.body.links.length)
        call.record.effects.push(ofNote(nextVersion(row, { ...row.body, links }, call)));
    }
    return { forgotten: forgotten.length, more: chosen.length > FORGET_PAGE };
  },

  "mem.usage": ({ namespaces, limit }, call) => noteUsageOf({ namespaces, limit }, { ...call, reach: at(call).reach }),

  "mem.verify": async ({ repair }, call) => {
    const { memory } = at(call);
    // The index is one for all tenants: what it lacks would tell of their notes.
    if (!seesAll(call.principal))
      throw new SysError("EACCES", "the index of notes is compared with the home's own key");
    const compared = await memory.compare({ repair });
    const index = await memory.index();
    const { trouble } = memory.vectors;
    return {
      ...compared,
      index: { driver: index.driver, ...(await index.status()), ...(trouble && { why: trouble }) },
    };
  },
};

/** @throws SysError ENODEV */
function at({ parts, record, principal }: KernelCall): { memory: Memory; reach: Reach } {
  if (!parts.memory) throw new SysError("ENODEV", "this kernel keeps no notes", { hint: "give it an index: `notes`" });
  return { memory: parts.memory, reach: reachOf({ process: record.process, principal }, parts) };
}

const noNote = (id: string): SysError =>
  new SysError("ENOENT", `there is no note ${id}`, { hint: "`aios mem search` finds those that are there" });

/** The note of this id, or the process's copy of it: a fork was told the ids of the one that it is a fork of. */
function meantBy(id: string, { principal, record, parts }: KernelCall): string[] {
  return principal.pid === null ? [id] : [id, copyId(id, record.process, parts.hash)];
}

async function meant(id: string, call: KernelCall): Promise<KeptNote | undefined> {
  const { reach } = at(call);
  const ids = meantBy(id, call);
  const rows = await call.parts.journal.notes({ tenant: reach.tenant, ids, limit: ids.length });
  const there = rows.filter((row) => isWithin(reach, row));
  return there.find((row) => row.id === id) ?? there[0];
}

async function found(id: string, call: KernelCall): Promise<KeptNote> {
  const row = await meant(id, call);
  if (!row) throw noNote(id);
  return row;
}

/** The note as it is when everybody who changed it before is done. */
async function taken(id: string, call: KernelCall, ifVersion: number | undefined): Promise<KeptNote> {
  await at(call).memory.hold(meantBy(id, call), call.record);
  const row = await found(id, call);
  checkWritable(row.namespace, at(call).reach);
  checkVersion(row, ifVersion);
  return row;
}

/** Holds notes, and those to which they link, also by a link that was made while this call waited. Resolves with the latter. */
async function heldWithLinks(rows: readonly NoteRow[], call: KernelCall): Promise<ReadonlySet<string>> {
  const { memory, reach } = at(call);
  const ids = rows.map(({ id }) => id);
  const links = new Set(rows.flatMap(({ body }) => body.links.map(({ to }) => to)));
  for (;;) {
    const release = await memory.hold([...new Set([...ids, ...links])], call.record);
    const now =
      ids.length === 0 ? [] : await call.parts.journal.notes({ tenant: reach.tenant, ids, limit: ids.length });
    const more = now.flatMap(({ body }) => body.links.map(({ to }) => to)).filter((id) => !links.has(id));
    if (more.length === 0) return links;
    release();
    for (const id of more) links.add(id);
  }
}

async function pair(from: string, to: string, call: KernelCall): Promise<[NoteRow, NoteRow]> {
  if (from === to) throw new SysError("EINVAL", `a note is not linked with itself (${from})`);
  await at(call).memory.hold([...meantBy(from, call), ...meantBy(to, call)], call.record);
  const [one, other] = [await found(from, call), await found(to, call)];
  for (const { namespace } of [one, other]) checkWritable(namespace, at(call).reach);
  // A link would tell who reads the one of the other.
  if (one.namespace !== other.namespace)
    throw new SysError(
      "EINVAL",
      `${from} is of ${one.namespace}, ${to} of ${other.namespace}: notes are linked within one`,
      {
        hint: "add a note to the namespace of the other first",
      },
    );
  return [one, other];
}

function checkVersion({ id, version }: NoteRow, wanted: number | undefined): void {
  if (wanted !== undefined && wanted !== version)
    throw new SysError("ESTALE", `the note ${id} is of version ${version}, not ${wanted}`, {
      hint: "get it again, and write what then holds",
    });
}

function placeOf(namespace: string | undefined, call: KernelCall): string {
  const { reach } = at(call);
  if (namespace === undefined) return reach.own;
  checkWritable(checkNamespace(namespace, reach), reach);
  return namespace;
}

const bodyOf = (said: Said, before: NoteBody | undefined, call: KernelCall): NoteBody =>
  noteBody(said, { ...(before ? { before } : {}), describe: (content) => at(call).memory.describe(content) }, call);
