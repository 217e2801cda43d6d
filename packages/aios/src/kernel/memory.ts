import type { Note, NoteDescription } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import type { KernelCall } from "./devices/device.ts";
import { FollowedIndex } from "./followed-index.ts";
import { Holds } from "./holds.ts";
import type { NoteBuilder } from "./note-building.ts";
import type { NoteDistiller } from "./note-consolidation.ts";
import { spaceOf } from "./note-space.ts";
import { TextVectors } from "./text-vectors.ts";
import type { EmbedFor, TextEmbedder } from "./text-vectors.ts";
import type { Clock, Findable, Journal, JournalRecord, KeptNote, NoteBody, NoteRow, SearchIndex } from "./ports.ts";
import type { Timers } from "./timers.ts";

/** Notes that are read at a time when all of them are compared. */
const PAGE = 500;

export type NoteChange = Extract<JournalRecord, { kind: "note" | "noteErased" | "noteEvicted" }>;

/** What memory needs beside the journal: an index that finds notes, and what describes one without a model. */
export interface NoteTools {
  /** Called once, by whoever needs it first: most kernels are up before anybody remembers anything. */
  readonly openIndex: () => Promise<SearchIndex>;
  /** The model whose vectors the index is to hold. Absent: it makes its own. */
  readonly embedder?: TextEmbedder | undefined;
  readonly extract: (content: string) => NoteDescription;
  /** Notes as a model is shown them among what a user says: as data, so that nothing in them ends the frame around them. */
  readonly present: (notes: readonly Note[]) => string;
  /** Absent: notes are not consolidated. */
  readonly distiller?: NoteDistiller | undefined;
  /** Absent: no note is built by a model. */
  readonly builder?: NoteBuilder | undefined;
}

/**
 * The notes of all processes. A change is one commit with the call's result; the index follows it, and is brought in line at
 * the kernel's start with what it missed. Two who change the same note do so one after the other.
 */
export class Memory {
  readonly #journal: Journal;
  readonly #tools: NoteTools;
  /** Changes by the notes' ids; undefined: the note is gone; `look`: it is live, or it is not. */
  readonly #index: FollowedIndex<NoteRow | "look" | undefined>;
  readonly #holds = new Holds();
  /** Has a model make the index's vectors, where it does not make its own. */
  readonly vectors: TextVectors;

  constructor(journal: Journal, tools: NoteTools, waits: { clock: Clock; timers: Timers }) {
    this.#journal = journal;
    this.#tools = tools;
    this.#index = new FollowedIndex({
      what: "notes",
      openIndex: tools.openIndex,
      tell: (changes, index) => this.#tell(changes, index),
      catchUp: () => this.compare({ repair: true }),
      ...waits,
    });
    this.vectors = new TextVectors({ embedder: tools.embedder, index: () => this.index(), ...waits });
  }

  /** From here on a model may be asked for vectors: for those, too, that the last kernel did not come to. */
  open(embedFor: EmbedFor): void {
    this.vectors.open(embedFor);
    if (!this.#tools.embedder) return;
    // Who has no notes needs no index.
    void this.#journal.notes({ limit: 1 }).then(
      ({ length }) => length > 0 && this.vectors.wake(),
      () => undefined, // the journal tells its own troubles
    );
  }

  /** @throws SysError EIO, ENOSPC when it cannot be opened; the next one tries again. */
  index(): Promise<SearchIndex> {
    return this.#index.open();
  }

  get distiller(): NoteDistiller | undefined {
    return this.#tools.distiller;
  }

  get builder(): NoteBuilder | undefined {
    return this.#tools.builder;
  }

  present(notes: readonly Note[]): string {
    return this.#tools.present(notes);
  }

  describe(content: string): NoteDescription {
    return this.#tools.extract(content);
  }

  /** From here on, until the call's end is on record, nobody else changes these notes. */
  hold(ids: readonly string[], record: Pick<CallRecord, "settles">): Promise<() => void> {
    return this.#holds.hold(ids, record);
  }

  /** A change of a note is on disk: the index follows. */
  written(change: NoteChange): void {
    const id = change.kind === "note" ? change.row.id : change.id;
    const isLive = change.kind === "note" && !change.row.isRemoved;
    this.#index.changed(id, change.kind === "noteEvicted" ? "look" : isLive ? change.row : undefined);
  }

  async #tell(told: ReadonlyMap<string, NoteRow | "look" | undefined>, index: SearchIndex): Promise<void> {
    const changes = await this.#looked([...told]);
    const gone = changes.flatMap(([id, row]) => (row ? [] : [id]));
    if (gone.length > 0) await index.remove(gone);
    await index.put(changes.flatMap(([, row]) => (row ? [findable(row)] : [])));
    this.vectors.wake();
  }

  /** Of notes that were evicted or came back: what is live of them now. */
  async #looked(changes: [string, NoteRow | "look" | undefined][]): Promise<[string, NoteRow | undefined][]> {
    const ids = changes.flatMap(([id, change]) => (change === "look" ? [id] : []));
    const live = new Map<string, NoteRow>();
    for (let at = 0; at < ids.length; at += PAGE) {
      const rows = await this.#journal.notes({ ids: ids.slice(at, at + PAGE), limit: PAGE });
      for (const row of rows) if (!row.isEvicted) live.set(row.id, row);
    }
    return changes.map(([id, change]) => [id, change === "look" ? live.get(id) : change]);
  }

  /**
   * Resolves when all that was committed so far can be found. While the index has no space on its disk, a program that lives on
   * the journal waits, as for the journal itself. @throws SysError ENOSPC, EIO when the index failed.
   */
  async isFound(call: Pick<KernelCall, "record" | "signal">): Promise<void> {
    await this.#index.isFound(call);
  }

  /** Compares all notes with the index; `repair` puts right what differs. */
  async compare({ repair }: { repair: boolean }): Promise<{ notes: number; missing: string[]; orphaned: string[] }> {
    await this.#index.told();
    const index = await this.index();
    const held = new Map<string, number>();
    for (let after: string | undefined; ;) {
      const page = await index.versions(after, PAGE);
      for (const { id, version } of page) held.set(id, version);
      after = page.at(-1)?.id;
      if (page.length < PAGE) break;
    }
    const orphaned = new Set(held.keys());
    const missing: string[] = [];
    let notes = 0;
    for (let afterId: string | undefined; ;) {
      const page = await this.#journal.notes({ afterId, limit: PAGE });
      const live = page.filter(({ isEvicted }) => !isEvicted);
      const wrong = live.filter(({ id, version }) => held.get(id) !== version);
      for (const { id } of live) orphaned.delete(id);
      if (repair && wrong.length > 0) {
        // Of a newer version than the store's: the index ignores older ones.
        await index.remove(wrong.filter(({ id, version }) => (held.get(id) ?? 0) > version).map(({ id }) => id));
        await index.put(wrong.map(findable));
      }
      missing.push(...wrong.map(({ id }) => id));
      notes += page.length;
      afterId = page.at(-1)?.id;
      if (page.length < PAGE) break;
    }
    if (repair && orphaned.size > 0) await index.remove([...orphaned]);
    if (repair) this.vectors.wake();
    return { notes, missing, orphaned: [...orphaned] };
  }
}

const findable = (row: NoteRow): Findable => {
  const { content, keywords, tags, context, tier, labels, source } = row.body;
  return {
    id: row.id,
    space: spaceOf(row),
    version: row.version,
    text: content.includes(context) ? content : `${content}\n${context}`,
    terms: [...keywords, ...tags],
    facets: {
      tier,
      trust: labels.trust,
      uri: source.uri,
      createdAt: row.createdAtMs,
    },
  };
};

/** A note as its readers see it. */
export function noteOf(row: KeptNote): Note {
  const { id, namespace, version, body, createdAtMs, atMs, accessedAtMs = createdAtMs, retrievals = 0 } = row;
  return {
    id,
    namespace,
    version,
    ...body,
    createdAt: createdAtMs,
    updatedAt: atMs,
    accessedAt: accessedAtMs,
    retrievalCount: retrievals,
  };
}

/** What its reader may change of it. */
export function bodyOf(note: Note): NoteBody {
  const { content, keywords, tags, context, category, links, importance, tier, isPinned, labels, source } = note;
  return { content, keywords, tags, context, category, links, importance, tier, isPinned, labels, source };
}
