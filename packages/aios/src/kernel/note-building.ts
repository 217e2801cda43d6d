import { SysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs, ChatResult, Labels, Note, NoteDescription } from "@aiosjs/sdk/protocol";
import type { KernelCall } from "./devices/device.ts";
import { bodyOf, noteOf } from "./memory.ts";
import type { Memory } from "./memory.ts";
import { spaceOf } from "./note-space.ts";
import { labelsOf, newNote, newNoteId, nextVersion, noteBody, ofNote } from "./note-writing.ts";
import type { Said } from "./note-writing.ts";
import type { NoteRow } from "./ports.ts";

/** Notes near a new one that are shown to the model. */
const NEIGHBOURS = 10;
/** Who builds a note waits behind those who answer somebody. */
const NICE = 10;

/** Asks a model once; its answer's text. */
export type Ask = (
  request: Pick<ChatArgs, "messages" | "responseFormat" | "maxTokens" | "temperature">,
) => Promise<string>;

/** What a new note means for the notes near it. */
interface Relation {
  readonly by: "model" | "extraction";
  readonly why?: string | undefined;
  /** The notes it touches, beside the new one. */
  readonly touches: readonly string[];
  /** The next versions of those of `notes` that change, the new note among them. */
  apply(notes: readonly Note[], written: { updatedAt: number; pid: string; call: string }): readonly Note[];
}

/** Builds notes as A-MEM does (arXiv:2502.12110): a model describes a new one, links it, and lets its neighbours evolve. */
export interface NoteBuilder {
  describe(
    request: { content: string; given: Partial<NoteDescription>; labels: Labels },
    ask: Ask,
  ): Promise<{ description: NoteDescription; by: "model" | "extraction" | "caller"; why?: string | undefined }>;
  relate(
    request: { note: Note; neighbours: readonly { note: Note; similarity: number }[] },
    ask: Ask,
  ): Promise<Relation>;
}

interface Built {
  readonly id: string;
  readonly by: "model" | "extraction" | "caller";
  readonly why?: string | undefined;
  readonly evolved: string[];
}

/**
 * Two model calls on behalf of the caller, under its budget and behind its other calls; where no model answers as asked, the
 * text alone describes and links the note. The note and all that changes with it are one commit. `place` is asked again after
 * each wait for the namespace that it goes to: it throws when the caller does not write there any more.
 */
export async function buildNote(
  said: Said & { content: string },
  place: () => string,
  call: KernelCall & { readonly memory: Memory },
): Promise<Built> {
  const { memory, parts, record } = call;
  const { builder } = memory;
  if (!builder)
    throw new SysError("ENODEV", "this kernel builds no notes by a model", {
      hint: "leave `build` out: the text describes itself",
    });
  const ask: Ask = async (request) => {
    const result = (await call.nested("llm.chat", request, { nice: NICE })) as ChatResult;
    const { content } = result.message;
    return typeof content === "string" ? content : (content ?? []).map((part) => part.text).join("");
  };
  const id = newNoteId(call);
  const { content, keywords, tags, context, category } = said;
  const labels = labelsOf(said.labels, { before: undefined, isReworded: true }, call);
  const given = { keywords, tags, context, category } as Partial<NoteDescription>;
  const { description, by, why } = await builder.describe({ content, given, labels }, ask);
  const body = noteBody({ ...said, ...description }, { describe: () => description }, call);
  const row = newNote(body, { namespace: place(), id }, call);
  await parts.noteQuotas.admit([row], record);
  const neighbours = await neighboursOf(row, call);
  place();
  const relation = await builder.relate({ note: noteOf(row), neighbours }, ask);
  await memory.hold(relation.touches, record);
  const { tenant } = row;
  const ids = relation.touches;
  const now = ids.length === 0 ? [] : await parts.journal.notes({ tenant, ids, limit: ids.length });
  place();
  const written = { updatedAt: parts.clock.nowMs(), pid: record.process.pid, call: record.call };
  const changed = new Map(relation.apply([noteOf(row), ...now.map(noteOf)], written).map((note) => [note.id, note]));
  const own = changed.get(id);
  record.effects.push(ofNote(own ? { ...row, body: bodyOf(own) } : row));
  const evolved = now.filter((one) => changed.has(one.id));
  for (const one of evolved) record.effects.push(ofNote(nextVersion(one, bodyOf(changed.get(one.id) as Note), call)));
  const reason = why ?? (relation.by === "extraction" ? relation.why : undefined);
  return { id, by, ...(reason === undefined ? {} : { why: reason }), evolved: evolved.map((one) => one.id) };
}

/** What is near a note, in its own namespace: another's notes do not reach into it. */
async function neighboursOf(
  row: NoteRow,
  {
    memory,
    parts,
    nested,
    record,
    signal,
  }: Pick<KernelCall, "parts" | "nested" | "record" | "signal"> & {
    memory: Memory;
  },
): Promise<{ note: Note; similarity: number }[]> {
  await memory.isFound({ record, signal });
  const { content, keywords, context } = row.body;
  const text = [context, keywords.join(" "), content].join("\n").slice(0, 10_000);
  const query = { spaces: [spaceOf(row)], text, limit: NEIGHBOURS };
  const { found } = await memory.vectors.search(query, (request, quality) => nested("llm.embed", request, quality));
  if (found.length === 0) return [];
  const ids = found.map(({ id }) => id);
  const rows = new Map(
    (await parts.journal.notes({ tenant: row.tenant, ids, limit: ids.length })).map((one) => [one.id, one]),
  );
  return found.flatMap(({ id, score, why }) => {
    const one = rows.get(id);
    return one?.namespace === row.namespace
      ? [{ note: noteOf(one), similarity: why.vectors?.similarity ?? score }]
      : [];
  });
}
