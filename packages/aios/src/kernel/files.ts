import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import { isInside, shown } from "./file-path.ts";
import type { FilePlace } from "./file-path.ts";
import { throughFullDisk } from "./full-disk.ts";
import { Holds } from "./holds.ts";
import { orAborted } from "./or-aborted.ts";
import type { Outbox } from "./outbox.ts";
import type {
  Clock,
  Disk,
  DiskContent,
  DiskEntry,
  DiskRoot,
  Encoding,
  FileRow,
  Journal,
  KeptFile,
  Staged,
} from "./ports.ts";
import type { Timers } from "./timers.ts";

/** Heads that are kept in memory. */
const MAX_HEADS = 20_000;
/** Between tries of what could not be put in its place. */
const RETRY_MS = 1_000;
/** Versions of one path that are looked through. */
const MAX_VERSIONS = 100_000;
const PAGE = 500;

interface FilesOptions {
  readonly journal: Journal;
  readonly disk: Disk;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly lastChange: number;
}

/** What a path holds as its change is written: who stands behind it does not wait for the disk. */
type Change = Omit<FileRow, "version" | "change" | "atMs">;

/** What somebody else has made of it. */
type Found = Pick<FileRow, "kind" | "hash" | "sizeBytes"> & {
  readonly stamp: string;
  readonly content?: DiskContent;
};

/**
 * Files, first in the journal and then on the disk: a change is a row of the commit that makes it true, and when that is written
 * what stands at the path is made so. A crash in between leaves a row without a stamp, and the next kernel goes on there. Whatever
 * others do to a file is found when it is looked at, and becomes a version of its own.
 */
export class Files {
  readonly disk: Disk;
  readonly #options: FilesOptions;
  readonly #holds = new Holds();
  readonly #heads = new Map<string, KeptFile | undefined>();
  /** What each call holds: it may ask for it again. */
  readonly #held = new WeakMap<CallRecord, Set<string>>();
  readonly #changes = new WeakMap<FileRow, { readonly staged: Staged | undefined; readonly before: string | null }>();
  /** What is on its way to its place, by root: the last row of each path. */
  readonly #waiting = new Map<string, Map<string, FileRow>>();
  readonly #placing = new Map<string, Promise<void>>();
  /** The same, those that the disk does not take just now among them. */
  readonly #unplaced = new Map<string, Map<string, FileRow>>();
  /** What others made: it stands where it belongs. */
  readonly #isThere = new WeakSet<FileRow>();
  #lastChange: number;

  constructor(options: FilesOptions) {
    this.#options = options;
    this.disk = options.disk;
    this.#lastChange = options.lastChange;
  }

  /**
   * What an earlier kernel has written and not put in its place goes there before anybody is answered: who comes back for its
   * answer is told that the file is there.
   */
  async open(): Promise<void> {
    const rows = await this.#options.journal.unplacedFiles(Number.MAX_SAFE_INTEGER);
    for (const row of rows) this.#wait(row);
    await Promise.all(this.#placing.values());
  }

  /**
   * From here on until the call's end is on record nobody else changes files of these roots; all that it needs at once, for two
   * that wait for each other wait for ever. @throws what the call is cancelled with
   */
  async hold(roots: readonly DiskRoot[], record: CallRecord): Promise<void> {
    const { signal } = record.abort;
    const held = this.#held.get(record) ?? new Set();
    const names = [...new Set(roots.map(nameOf))].filter((name) => !held.has(name)).toSorted();
    if (names.length > 0) await orAborted(this.#holds.hold(names, record), signal);
    this.#held.set(record, held.union(new Set(names)));
    await orAborted(Promise.all(roots.map((root) => this.placed(root))), signal);
  }

  /** The same for what is no call's own. */
  async alone<Result>(root: DiskRoot, work: () => Promise<Result>): Promise<Result> {
    const release = await this.#holds.hold([nameOf(root)], { settles: [] });
    try {
      await this.placed(root);
      return await work();
    } finally {
      release();
    }
  }

  /** What is on record stands where it belongs, or will be tried again later. */
  async placed(root: DiskRoot): Promise<void> {
    await this.#placing.get(nameOf(root));
  }

  /**
   * The content for a row of this call; forgotten where that is not written. A program that lives on the journal waits for a
   * full disk, as it does for the journal itself.
   */
  async stage(
    place: FilePlace,
    content: { readonly text: string; readonly encoding: Encoding; readonly behind?: DiskContent | undefined },
    { record, signal }: { record: CallRecord; signal: AbortSignal },
  ): Promise<Staged> {
    const stage = (): Promise<Staged> => this.disk.stage(place, content, signal);
    const staged = await throughFullDisk(stage, { record, signal }, this.#options);
    // A second time does no harm.
    record.settles.push((isKept) => void (isKept || staged.discard()));
    return staged;
  }

  /** The next version of what stands at a path, for a commit. */
  next(change: Change, before: KeptFile | undefined): FileRow {
    const version = (before?.version ?? 0) + 1;
    return { ...change, version, change: ++this.#lastChange, atMs: this.#options.clock.nowMs() };
  }

  /** Paths inside of a folder that are written and not in their places yet. */
  onTheWay({ tenant, root, path }: FilePlace): string[] {
    const rows = this.#unplaced.get(nameOf({ tenant, root }))?.values() ?? [];
    return [...rows].flatMap((row) => (row.kind !== "gone" && isInside(row.path, path) ? [row.path] : []));
  }

  /** What has been staged for this row, and what it takes the place of. */
  isChange(row: FileRow, { staged, before }: { staged: Staged | undefined; before: KeptFile | undefined }): void {
    this.#changes.set(row, { staged, before: before?.stamp ?? null });
  }

  /** Called when a row is on disk. Resolves when it stands in its place, or the disk does not take it. */
  async written(row: FileRow): Promise<void> {
    if (this.#isThere.has(row)) return;
    this.#remember({ ...row, stamp: null });
    this.#wait(row);
    await this.placed(row);
  }

  /** As far as the journal knows. */
  async head(place: FilePlace): Promise<KeptFile | undefined> {
    return (await this.heads(place, [place.path])).get(place.path);
  }

  async heads(root: FilePlace, paths: readonly string[]): Promise<ReadonlyMap<string, KeptFile>> {
    const key = (path: string): string => nameOf(root) + path;
    const unknown = paths.filter((path) => !this.#heads.has(key(path)));
    const found = new Map<string, KeptFile>();
    for (let at = 0; at < unknown.length; at += PAGE) {
      const page = unknown.slice(at, at + PAGE);
      for (const row of await this.#recorded(root, page)) found.set(row.path, row);
      // What was written meanwhile is newer.
      for (const path of page) if (!this.#heads.has(key(path))) this.#keep(key(path), found.get(path));
    }
    return new Map(
      paths.flatMap((path) => {
        const head = this.#heads.get(key(path)) ?? found.get(path);
        return head ? [[path, head] as const] : [];
      }),
    );
  }

  async #recorded({ tenant, root }: FilePlace, paths: readonly string[]): Promise<readonly KeptFile[]> {
    const { journal, outbox } = this.#options;
    const look = async (): Promise<KeptFile[]> => {
      const there = await journal.files({ tenant, root, paths, limit: paths.length });
      if (there.length === paths.length) return [...there];
      return [...there, ...(await journal.files({ tenant, root, paths, isGone: true, limit: paths.length }))];
    };
    const rows = await look();
    const unplaced = this.#unplaced.get(nameOf({ tenant, root }));
    if (!rows.some(({ stamp, path }) => stamp === null && !unplaced?.has(path))) return rows;
    // It has come to its place, which is noted and not in the journal yet.
    await outbox.flushed();
    return look();
  }

  /**
   * What stands there, on record: what others have changed since becomes a version first. Gone and never there are the same: a
   * head of kind `gone`, or none. Its root is held.
   */
  async known(place: FilePlace, { isChanged = false } = {}): Promise<KeptFile | undefined> {
    const [head, entry] = await this.#looked(place);
    // A stamp that says nothing of a change is older than who has read it.
    const isSame = this.#isSame(head, entry) && !(isChanged && entry?.kind === "file" && head?.stamp !== null);
    return isSame ? head : this.#noted(place, head, entry);
  }

  /** As `known` says it of what is nowhere any more, whatever stands in the way to it. */
  async isGone(head: KeptFile): Promise<KeptFile> {
    if (head.stamp === null || head.kind === "gone") return head;
    return this.#noted(head, head, undefined);
  }

  /** The same where nothing is held yet. */
  async seen(place: FilePlace, record: CallRecord): Promise<KeptFile | undefined> {
    const [head, entry] = await this.#looked(place);
    if (this.#isSame(head, entry)) return head;
    await this.hold([place], record);
    return this.known(place);
  }

  async #looked(place: FilePlace): Promise<[head: KeptFile | undefined, entry: DiskEntry | undefined]> {
    await this.placed(place);
    const head = await this.head(place);
    const entry = await this.disk.look(place).catch((cause: unknown) => {
      // Where somebody has put a file in place of a folder, what was known in that is gone.
      if (head && isSysError(cause) && cause.code === "EINVAL") return undefined;
      throw cause;
    });
    return [head, entry];
  }

  #isSame(head: KeptFile | undefined, entry: DiskEntry | undefined): boolean {
    // It is on its way, or the disk does not take it: the journal has it.
    if (head?.stamp === null) return true;
    if (!entry) return head === undefined || head.kind === "gone";
    if (entry.kind === "other") return true;
    return entry.kind === head?.kind && (entry.kind === "folder" || entry.stamp === head.stamp);
  }

  async #noted(place: FilePlace, head: KeptFile | undefined, entry: DiskEntry | undefined): Promise<KeptFile> {
    if (!entry) return this.#outside(place, head, { kind: "gone", hash: null, sizeBytes: 0, stamp: "" });
    const { stamp, sizeBytes } = entry;
    if (entry.kind !== "file") return this.#outside(place, head, { kind: "folder", hash: null, sizeBytes: 0, stamp });
    if (sizeBytes > this.disk.maxFileBytes)
      return this.#outside(place, head, { kind: "file", hash: null, sizeBytes, stamp });
    const { content, entry: read } = await this.disk.read(place);
    const is = { kind: "file", hash: content.hash, sizeBytes: content.sizeBytes } as const;
    if (head?.kind !== "file" || head.hash !== content.hash)
      return this.#outside(place, head, { ...is, stamp: read.stamp, content });
    this.#options.outbox.note({ kind: "filePlaced", ...keyOf(head), stamp: read.stamp });
    return this.#remember({ ...head, stamp: read.stamp });
  }

  /** Somebody else has made it so. */
  async #outside(
    { tenant, root, path }: FilePlace,
    head: KeptFile | undefined,
    { stamp, content, ...is }: Found,
  ): Promise<KeptFile> {
    const labels = { trust: "untrusted", confidentiality: head?.labels.confidentiality ?? "internal" } as const;
    const by = { pid: null, call: null, seq: 0, from: null };
    const row = this.next({ tenant, root, path, ...is, labels, ...by }, head);
    const blob = content && (await content.pack());
    const kept = this.#remember({ ...row, stamp });
    this.#isThere.add(row);
    await this.#options.outbox.commit(
      ...(blob ? [{ kind: "blob" as const, row: blob }] : []),
      { kind: "file", row },
      { kind: "filePlaced", ...keyOf(row), stamp },
    );
    return kept;
  }

  /** The content of a version. @throws SysError ESTALE when it is not kept */
  async contentOf(row: FileRow): Promise<DiskContent> {
    const blob = row.hash === null ? undefined : await this.#options.journal.blob(row.hash);
    if (blob) return this.disk.unpack(blob);
    throw new SysError("ESTALE", `version ${row.version} of ${shown(row)} is not kept`, {
      hint:
        row.hash === null ? "it was changed from outside, and is too large" : "its content was older than what is kept",
    });
  }

  async versions(place: FilePlace): Promise<readonly FileRow[]> {
    const { tenant, root, path } = place;
    return this.#options.journal.fileVersions({ tenant, root, path, limit: MAX_VERSIONS });
  }

  /** Nothing of this root is left. Whoever it was to be never was: nobody waits until that is on disk. */
  async drop({ tenant, root }: DiskRoot & { tenant: FileRow["tenant"] }): Promise<void> {
    await this.placed({ tenant, root });
    this.#options.outbox.note({ kind: "filesErased", tenant, root });
    const prefix = nameOf({ tenant, root });
    for (const key of this.#heads.keys()) if (key.startsWith(prefix)) this.#heads.delete(key);
    this.#waiting.delete(prefix);
    this.#unplaced.delete(prefix);
    await this.disk.drop({ tenant, root });
  }

  #remember(head: KeptFile): KeptFile {
    this.#keep(nameOf(head) + head.path, head);
    return head;
  }

  #keep(key: string, head: KeptFile | undefined): void {
    this.#heads.delete(key);
    this.#heads.set(key, head);
    if (this.#heads.size > MAX_HEADS) this.#heads.delete(this.#heads.keys().next().value as string);
  }

  #wait(row: FileRow): void {
    const name = nameOf(row);
    const rows = this.#waiting.get(name) ?? new Map<string, FileRow>();
    this.#waiting.set(name, rows.set(row.path, row));
    const unplaced = this.#unplaced.get(name) ?? new Map<string, FileRow>();
    this.#unplaced.set(name, unplaced.set(row.path, row));
    if (this.#placing.has(name)) return;
    this.#placing.set(name, this.#place(name));
  }

  async #place(name: string): Promise<void> {
    // All rows of one commit are there before the first is placed.
    await Promise.resolve();
    for (;;) {
      const rows = [...(this.#waiting.get(name)?.values() ?? [])].toSorted((left, right) => left.change - right.change);
      this.#waiting.delete(name);
      // At once: what comes from here on is placed anew.
      if (rows.length === 0) return void this.#placing.delete(name);
      for (const row of rows) await this.#placeOne(row);
    }
  }

  async #placeOne(row: FileRow): Promise<void> {
    const { journal, outbox } = this.#options;
    const found = this.#changes.get(row);
    try {
      const stamp = await this.disk.place({
        row,
        staged: found?.staged,
        before: found?.before ?? null,
        content: async (hash) => {
          const blob = await journal.blob(hash);
          if (blob) return blob;
          throw new SysError("EIO", `the content of ${shown(row)} is not in the journal`);
        },
        isKnown: async (hash) => (await this.versions(row)).some((one) => one.hash === hash),
      });
      outbox.note({ kind: "filePlaced", ...keyOf(row), stamp });
      this.#isPlaced(row);
      const head = this.#heads.get(nameOf(row) + row.path);
      if (head === undefined || head.version === row.version) this.#remember({ ...row, stamp });
    } catch {
      // The journal has it, and is read meanwhile. The disk may take it later, with the content of the journal.
      void found?.staged?.discard();
      if (found) this.#changes.set(row, { ...found, staged: undefined });
      const { clock, timers } = this.#options;
      timers.at(clock.nowMs() + RETRY_MS, () => this.#again(row));
    }
  }

  #isPlaced(row: FileRow): void {
    const unplaced = this.#unplaced.get(nameOf(row));
    if (unplaced?.get(row.path)?.version === row.version) unplaced.delete(row.path);
    if (unplaced?.size === 0) this.#unplaced.delete(nameOf(row));
  }

  /** Unless something newer is on its way by now. */
  #again(row: FileRow): void {
    if (this.#unplaced.get(nameOf(row))?.get(row.path) === row) this.#wait(row);
  }
}

/** Of a root, or of the one in which something stands. */
const nameOf = ({ tenant, root }: DiskRoot): string => `${tenant}/${root}/`;
const keyOf = ({ tenant, root, path, version }: FileRow): Pick<FileRow, "tenant" | "root" | "path" | "version"> => ({
  tenant,
  root,
  path,
  version,
});
