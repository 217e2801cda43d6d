import { SysError } from "@aiosjs/sdk/protocol";
import type { ChatResult, Note, ParsedArgsOf, ResultOf } from "@aiosjs/sdk/protocol";
import type { KernelCall } from "./devices/device.ts";
import { bodyOf, noteOf } from "./memory.ts";
import type { Memory } from "./memory.ts";
import type { Ask } from "./note-building.ts";
import { importedLabels, newNote, newNoteId, nextVersion, ofNote } from "./note-writing.ts";
import type { KeptNote, NoteBody } from "./ports.ts";

/** Notes that are read at a time, and at most: the rest waits until these are long-term. */
const PAGE = 500;
const MOST = 5_000;
/** Who tidies up waits behind those who answer somebody. */
const NICE = 10;

type Group = readonly [Note, ...Note[]];
interface Written {
  readonly updatedAt: number;
  readonly pid: string;
  readonly call: string;
}

/** What becomes of a group of notes. */
export type Distillate = (
  | { readonly is: "new"; readonly note: Omit<NoteBody, "links" | "isPinned" | "source"> }
  /** One of them lasts as it is. */
  | { readonly is: "kept"; readonly id: string; readonly why: string }
) & {
  /** Those of `notes` that change as they are linked with what lasts of them, `of`. */
  link(of: string, notes: readonly Note[], written: Written): readonly Note[];
};

/** Finds what of short-lived notes is to last, and makes one note of many. */
export interface NoteDistiller {
  choose(notes: readonly Note[], options: { nowMs: number; minAgeMs: number; maxGroups: number }): readonly Group[];
  /** Without `ask` no model is asked. */
  distil(group: Group, ask: Ask | undefined): Promise<Distillate>;
}

/**
 * Makes long-term notes of working and episodic ones of a namespace that say much the same, or matter. Those they are made of
 * stay, linked to what lasts. All of it is one commit; a group in which somebody changes a note meanwhile waits for the next
 * time. `place` throws when the caller does not write there any more.
 */
export async function consolidate(
  { by, minAgeMs, groups: maxGroups }: ParsedArgsOf<"mem.consolidate">,
  place: () => string,
  call: KernelCall & { readonly memory: Memory },
): Promise<ResultOf<"mem.consolidate">> {
  const { memory, parts, record } = call;
  const { distiller } = memory;
  if (!distiller) throw new SysError("ENODEV", "this kernel distils no notes");
  const namespace = place();
  const { tenant } = record.process;
  const notes: Note[] = [];
  for (let afterId: string | undefined; notes.length < MOST;) {
    const page = await parts.journal.notes({ tenant, namespaces: [namespace], afterId, limit: PAGE });
    for (const row of page) if (row.isEvicted !== true) notes.push(noteOf(row));
    afterId = page.at(-1)?.id;
    if (page.length < PAGE) break;
  }
  const chosen = distiller.choose(notes, { nowMs: parts.clock.nowMs(), minAgeMs, maxGroups });
  const made: { group: Group; distillate: Distillate }[] = [];
  for (const group of chosen)
    made.push({ group, distillate: await distiller.distil(group, by === "model" ? askOf(call) : undefined) });
  const ids = made.flatMap(({ group }) => group.map(({ id }) => id));
  if (ids.length === 0) return { groups: [] };
  await memory.hold(ids, record);
  const rows = new Map((await parts.journal.notes({ tenant, ids, limit: ids.length })).map((row) => [row.id, row]));
  place();
  const groups: ResultOf<"mem.consolidate">["groups"] = [];
  for (const { group, distillate } of made) {
    const now = group.flatMap(({ id, version }) => {
      const row = rows.get(id);
      return row?.version === version && row.namespace === namespace ? [row] : [];
    });
    if (now.length < group.length) continue;
    const id = await write(distillate, now, { ...call, namespace });
    const of = group.map((note) => note.id).filter((one) => one !== id);
    groups.push({ is: distillate.is, id, of, ...(distillate.is === "kept" ? { why: distillate.why } : {}) });
  }
  for (const { is, id, of } of groups)
    record.effects.push(parts.outbox.eventRecord("note.distilled", record.process, { namespace, is, id, of }));
  return { groups };
}

/** @returns the id of the note that lasts. */
async function write(
  distillate: Distillate,
  rows: readonly KeptNote[],
  call: KernelCall & { readonly namespace: string },
): Promise<string> {
  const { parts, record, namespace } = call;
  const written = { updatedAt: parts.clock.nowMs(), pid: record.process.pid, call: record.call };
  const before = rows.map(noteOf);
  const push = (note: Note, row: KeptNote, more: Partial<NoteBody> = {}): void =>
    void record.effects.push(ofNote(nextVersion(row, { ...bodyOf(note), ...more }, call)));
  if (distillate.is === "kept") {
    const changed = new Map(distillate.link(distillate.id, before, written).map((note) => [note.id, note]));
    for (const row of rows) {
      const note = changed.get(row.id);
      if (row.id === distillate.id) push(note ?? noteOf(row), row, { tier: "long-term" });
      else if (note) push(note, row);
    }
    return distillate.id;
  }
  const labels = importedLabels(distillate.note.labels, call);
  const source = { pid: written.pid, call: written.call, uri: "" };
  const body: NoteBody = { ...distillate.note, labels, links: [], isPinned: false, source };
  const row = newNote(body, { namespace, id: newNoteId(call) }, call);
  const own = noteOf(row);
  const changed = distillate.link(own.id, [own, ...before], written);
  const { links } = changed.find(({ id }) => id === own.id) ?? own;
  const linked = { ...row, body: { ...body, links } };
  await parts.noteQuotas.admit([linked], record);
  record.effects.push(ofNote(linked));
  for (const note of changed) {
    const old = rows.find(({ id }) => id === note.id);
    if (old) push(note, old);
  }
  return own.id;
}

const askOf =
  ({ nested }: KernelCall): Ask =>
  async (request) => {
    const { message } = (await nested("llm.chat", request, { nice: NICE })) as ChatResult;
    const { content } = message;
    return typeof content === "string" ? content : (content ?? []).map((part) => part.text).join("");
  };
