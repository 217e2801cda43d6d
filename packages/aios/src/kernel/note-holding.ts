import { noteSchema, SysError } from "@aiosjs/sdk/protocol";
import type { Note } from "@aiosjs/sdk/protocol";
import { bodyOf, noteOf } from "./memory.ts";
import { copyId } from "./note-copy.ts";
import type { Parts } from "./parts.ts";
import type { Holder, Holding, JournalRecord, NoteRow } from "./ports.ts";

const PAGE = 500;
/** Versions of one note that are looked through for what it was. */
const MAX_VERSIONS = 10_000;

/**
 * A process's own notes, as something that it holds: every version is kept with the call that wrote it. What somebody else
 * changed stays as it is, but for links to what is not there then. Copies have ids of their own, derived from the old ones, so
 * that links among them hold.
 */
export function createNoteHolding(parts: Pick<Parts, "journal" | "outbox" | "clock" | "hash">): Holding {
  const { journal, outbox, clock, hash } = parts;

  /** The process's notes as they were after call `seq`; undefined where there was none yet. */
  async function* notesAt(
    of: Holder,
    seq: number,
  ): AsyncGenerator<[id: string, row: NoteRow | undefined, now: NoteRow]> {
    await outbox.flushed();
    const changed = await changedSince(of, seq);
    for (let afterId: string | undefined; ;) {
      const page = await journal.notes({ tenant: of.tenant, namespaces: [spaceOf(of)], afterId, limit: PAGE });
      for (const now of page) if (!changed.has(now.id)) yield [now.id, now, now];
      afterId = page.at(-1)?.id;
      if (page.length < PAGE) break;
    }
    for (const id of changed) {
      const versions = await journal.noteVersions({ tenant: of.tenant, id, limit: MAX_VERSIONS });
      const [now] = versions;
      if (!now) continue;
      const then = versions.find((row) => row.pid !== of.pid || row.seq <= seq);
      yield [id, then?.isRemoved ? undefined : then, now];
    }
  }

  async function changedSince(of: Holder, seq: number): Promise<Set<string>> {
    const writtenBy = { pid: of.pid, afterSeq: seq };
    const rows = await journal.noteVersions({ tenant: of.tenant, writtenBy, limit: Number.MAX_SAFE_INTEGER });
    return new Set(rows.filter((row) => row.namespace === spaceOf(of)).map(({ id }) => id));
  }

  /** A note of somebody's, as a new one of this process. */
  function copied(note: Note, to: Holder): JournalRecord {
    const body = bodyOf(note);
    const links = body.links.map((link) => ({ ...link, to: copyId(link.to, to, hash) }));
    const row: NoteRow = {
      id: copyId(note.id, to, hash),
      tenant: to.tenant,
      namespace: spaceOf(to),
      version: 1,
      body: { ...body, links },
      createdAtMs: note.createdAt,
      atMs: clock.nowMs(),
      pid: to.pid,
      // As before its first call: going back to any of them keeps it.
      seq: 0,
      isRemoved: false,
    };
    return { kind: "note", row };
  }

  return {
    name: "notes",
    isHeldBy: async (of) =>
      (await journal.notes({ tenant: of.tenant, namespaces: [spaceOf(of)], limit: 1 })).length > 0,
    async *export(of, seq, after = "") {
      const notes = new Map<string, NoteRow>();
      for await (const [id, row] of notesAt(of, seq)) if (row) notes.set(id, row);
      for (const id of [...notes.keys()].toSorted())
        if (id > after) yield { place: id, body: noteOf(linkedAmong(notes.get(id) as NoteRow, notes)) };
    },
    import: (to, bodies) => Promise.resolve(bodies.map((body) => copied(checked(body), to))),
    copyTo: async (to, from, seq) => {
      const notes = new Map<string, NoteRow>();
      for await (const [id, row] of notesAt(from, seq)) if (row) notes.set(id, row);
      return [...notes.values()].map((row) => copied(noteOf(linkedAmong(row, notes)), to));
    },
    checkBack: () => Promise.resolve(),
    backTo: async (of, seq) => {
      const [before, notes] = [new Map<string, NoteRow>(), new Map<string, NoteRow>()];
      for await (const [id, then, now] of notesAt(of, seq)) {
        before.set(id, now);
        if (then) notes.set(id, then);
      }
      return [...before].flatMap(([id, now]): JournalRecord[] => {
        const then = notes.get(id);
        const linked = then && linkedAmong(then, notes);
        const isSame = then === undefined ? now.isRemoved : then.version === now.version && linked === then;
        if (isSame) return [];
        const written = { version: now.version + 1, atMs: clock.nowMs(), pid: of.pid, seq };
        return [{ kind: "note", row: { ...(linked ?? now), ...written, isRemoved: then === undefined } }];
      });
    },
    drop: () => Promise.resolve(),
  };
}

/** Without links to what is not among `notes`, or does not link to it: what was forgotten since, or linked by somebody else. */
function linkedAmong(row: NoteRow, notes: ReadonlyMap<string, NoteRow>): NoteRow {
  const links = row.body.links.filter(({ to }) => notes.get(to)?.body.links.some((link) => link.to === row.id));
  return links.length === row.body.links.length ? row : { ...row, body: { ...row.body, links } };
}

const spaceOf = ({ pid }: Holder): string => `process:${pid}`;

/** A note as somebody sent it: what it claims of its trust was said elsewhere. */
function checked(body: unknown): Note {
  const parsed = noteSchema.safeParse(body);
  if (!parsed.success) throw new SysError("EINVAL", "a piece of the notes is none");
  return { ...parsed.data, labels: { ...parsed.data.labels, trust: "untrusted" } };
}
