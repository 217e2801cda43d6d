import type { KernelCall } from "./devices/device.ts";
import { isHidden } from "./file-mounts.ts";
import { isInside, shown } from "./file-path.ts";
import type { Files } from "./files.ts";
import { FollowedIndex } from "./followed-index.ts";
import type {
  Clock,
  FileRequest,
  FileRow,
  FileText,
  FileTools,
  Findable,
  Hash,
  Journal,
  KeptFile,
  SearchIndex,
} from "./ports.ts";
import { TextVectors } from "./text-vectors.ts";
import type { Timers } from "./timers.ts";

/** Files that are compared, and texts that are asked for, at a time. */
const PAGE = 500;
const AT_ONCE = 16;
const BYTES_AT_ONCE = 16 * 2 ** 20;
/** Facets are short: what is longer is cut. */
const MAX_TITLE = 300;

interface FileIndexParts {
  readonly journal: Journal;
  readonly files: Files;
  readonly hash: Hash;
  readonly clock: Clock;
  readonly timers: Timers;
}

/**
 * What files say, found by words and by meaning. The index follows what is on record, and is brought in line with it when
 * somebody searches first. Of each file it holds a text of its name, which tells of which change it is, and one of each chunk: a
 * chunk that an edit leaves as it was is not indexed again.
 */
export class FileIndex {
  readonly #journal: Journal;
  readonly #files: Files;
  readonly #hash: Hash;
  readonly #tools: FileTools;
  readonly #index: FollowedIndex<FileRow>;
  #last: Promise<void> = Promise.resolve();
  /** What is on record and is still to be read, by key. */
  readonly #waiting = new Set<string>();
  /** Has a model make the index's vectors, where it does not make its own. */
  readonly vectors: TextVectors;

  constructor({ journal, files, hash, ...waits }: FileIndexParts, tools: FileTools) {
    this.#journal = journal;
    this.#files = files;
    this.#hash = hash;
    this.#tools = tools;
    this.#index = new FollowedIndex({
      what: "files",
      openIndex: tools.openIndex,
      tell: async (changes, index) => {
        try {
          for (const batch of batches([...changes.values()])) await this.#inTurn(() => this.#takeAll(batch, index));
        } catch (cause) {
          // It is compared anew, when somebody searches.
          this.#waiting.clear();
          throw cause;
        }
        this.vectors.wake();
      },
      catchUp: () => {
        this.#waiting.clear();
        return this.compare({ repair: true });
      },
      ...waits,
    });
    this.vectors = new TextVectors({ embedder: tools.embedder, index: () => this.index(), ...waits });
  }

  /** What a request asks for, in words and filters. */
  understand(request: string): FileRequest {
    return this.#tools.understand(request);
  }

  /** @throws SysError EIO, ENOSPC when it cannot be opened; the next one tries again. */
  index(): Promise<SearchIndex> {
    return this.#index.open();
  }

  /** From here on it follows what is on record, though nobody has searched. */
  follow(): void {
    void this.#index.caughtUp().catch(() => undefined); // who searches tries again, and is told
  }

  /** A change of a file is on disk: the index follows, once anybody has searched. */
  written(row: FileRow): void {
    if (!this.#index.isCaughtUp) return;
    this.#waiting.add(keyOf(row));
    this.#index.changed(keyOf(row), row);
  }

  /** Files at a place and inside of it that are still to be read for the index. */
  waiting({ tenant, root, path }: { tenant: string; root: string | undefined; path: string }): number {
    const isOf = (key: string): boolean => {
      const one = placeOf(key);
      const isInRoot = one.tenant === tenant && (root === undefined || one.root === root);
      return isInRoot && (one.path === path || isInside(one.path, path));
    };
    return [...this.#waiting].filter(isOf).length;
  }

  /** Reads these anew, in the background; of each one what was in the index goes first. Others are found meanwhile. */
  rebuild(rows: readonly FileRow[]): void {
    for (const row of rows) this.#waiting.add(keyOf(row));
    void this.#rebuild(rows).catch(() => {
      this.#waiting.clear();
      this.#index.missed();
    });
  }

  async #rebuild(rows: readonly FileRow[]): Promise<void> {
    await this.#index.caughtUp();
    for (const row of rows) this.#waiting.add(keyOf(row));
    const index = await this.index();
    for (const batch of batches(rows))
      await this.#inTurn(async () => {
        for (const row of batch) {
          const { tenant, root, path } = row;
          await index.remove([keyOf(row), ...(await this.#chunksOf(keyOf(row), index))]);
          await this.#takeAll(await this.#journal.files({ tenant, root, paths: [path], limit: 1 }), index);
          this.#waiting.delete(keyOf(row));
        }
      });
    this.vectors.wake();
  }

  /** Resolves when all that was on record can be found. @throws SysError ENOSPC, EIO when the index failed. */
  async isFound(call: Pick<KernelCall, "record" | "signal">): Promise<void> {
    await this.#index.isFound(call);
  }

  /** Compares all files with the index; `repair` puts right what differs. */
  async compare({ repair }: { repair: boolean }): Promise<{ files: number; missing: string[]; orphaned: string[] }> {
    await this.#index.told();
    const index = await this.index();
    const held = new Map<string, number>();
    const chunks = new Map<string, string[]>();
    for (let after: string | undefined; ;) {
      const page = await index.versions(after, PAGE);
      for (const { id, version } of page) {
        const key = fileOf(id);
        if (key === id) held.set(key, version);
        else chunks.set(key, [...(chunks.get(key) ?? []), id]);
      }
      after = page.at(-1)?.id;
      if (page.length < PAGE) break;
    }
    const orphaned = new Set([...held.keys(), ...chunks.keys()]);
    const missing: string[] = [];
    let files = 0;
    for (const root of await this.#journal.fileRoots())
      for (let afterPath: string | undefined; ;) {
        const page = await this.#journal.files({ ...root, afterPath, limit: PAGE });
        const found = page.filter((row) => !isHidden(row));
        for (const row of found) orphaned.delete(keyOf(row));
        const wrong = found.filter((row) => held.get(keyOf(row)) !== row.change);
        for (const row of repair ? wrong : []) this.#waiting.add(keyOf(row));
        for (const batch of repair ? batches(wrong) : [])
          await this.#inTurn(async () => {
            // It may have been told of newer ones since.
            const paths = batch.map(({ path }) => path);
            await this.#takeAll(await this.#journal.files({ ...root, paths, limit: paths.length }), index);
          });
        missing.push(...wrong.map(shown));
        files += page.length;
        afterPath = page.at(-1)?.path;
        if (page.length < PAGE) break;
      }
    if (repair) {
      await index.remove([...orphaned].flatMap((key) => [key, ...(chunks.get(key) ?? [])]));
      this.vectors.wake();
    }
    return { files, missing, orphaned: [...orphaned].map((key) => shown(placeOf(key))) };
  }

  /** What is compared and what is told come one after the other. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #takeAll(rows: readonly FileRow[], index: SearchIndex): Promise<void> {
    await Promise.all(
      rows.map(async (row) => {
        await this.#take(row, index);
        this.#waiting.delete(keyOf(row));
      }),
    );
  }

  /** The index holds of the file what it is now. */
  async #take(row: FileRow, index: SearchIndex): Promise<void> {
    const key = keyOf(row);
    const before = await this.#chunksOf(key, index);
    if (row.kind === "gone" || isHidden(row)) return index.remove([key, ...before]);
    const text = row.kind === "file" ? await this.#read(row) : undefined;
    const facets = facetsOf(row, text);
    const space = row.kind === "folder" ? folderSpaceOf(row) : spaceOf(row);
    const chunks = new Map<string, Findable>();
    for (const { heading, text: said } of text?.chunks ?? []) {
      const id = `${key}\n${this.#hash.sha256(`${heading}\n${said}`).slice(0, 24)}`;
      // What it is called says of each part what it is of.
      const terms = heading === "" ? [row.path] : [row.path, heading];
      chunks.set(id, { id, space, version: row.change, text: said, terms, facets });
    }
    // One whose words are the same has new facets all the same: when it was edited, by whom.
    await index.put([...chunks.values()]);
    await index.remove(before.filter((id) => !chunks.has(id)));
    const name = nameIn(row.path);
    const title = text?.title.slice(0, MAX_TITLE) ?? name;
    // The last: it says that the others are there.
    await index.put([
      {
        id: key,
        space,
        version: row.change,
        text: `${row.path}\n${title}`,
        terms: [name, title],
        facets,
      },
    ]);
  }

  async #read(row: FileRow): Promise<FileText | undefined> {
    if (row.hash === null) return undefined;
    return this.#tools.read(row.path, await this.#files.contentOf(row));
  }

  async #chunksOf(key: string, index: SearchIndex): Promise<string[]> {
    const found: string[] = [];
    for (let after = key; ;) {
      const page = await index.versions(after, PAGE);
      const own = page.filter(({ id }) => id.startsWith(`${key}\n`)).map(({ id }) => id);
      found.push(...own);
      after = own.at(-1) ?? key;
      if (own.length < PAGE) return found;
    }
  }
}

/** As many as are read at once, with no more bytes than one may have alone. */
function* batches(rows: readonly FileRow[]): Generator<readonly FileRow[]> {
  let batch: FileRow[] = [];
  let bytes = 0;
  for (const row of rows) {
    if (batch.length === AT_ONCE || (batch.length > 0 && bytes + row.sizeBytes > BYTES_AT_ONCE)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(row);
    bytes += row.sizeBytes;
  }
  if (batch.length > 0) yield batch;
}

/** No name has a line break. */
const keyOf = ({ tenant, root, path }: Pick<FileRow, "tenant" | "root" | "path">): string =>
  `${tenant}\n${root}\n${path}`;

/** The key of the file that a text in the index is of. */
export const fileOf = (id: string): string => id.split("\n", 3).join("\n");

export function placeOf(key: string): { tenant: string; root: string; path: string } {
  const [tenant = "", root = "", path = ""] = key.split("\n");
  return { tenant, root, path };
}

/** Of the files of a root. */
export const spaceOf = ({ tenant, root }: Pick<KeptFile, "tenant" | "root">): string => `${tenant}/${root}`;

/** Of its folders: who looks for files is not answered by names of folders. */
export const folderSpaceOf = (place: Pick<KeptFile, "tenant" | "root">): string => `${spaceOf(place)}\nfolders`;

/** A file's in the index: all its texts have it. */
export const pathFacet = ({ root, path }: Pick<KeptFile, "root" | "path">): string =>
  path === "" ? root : `${root}/${path}`;

const nameIn = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

function facetsOf(row: FileRow, text: FileText | undefined): Record<string, string | number> {
  const extension = /\.([^.]+)$/.exec(nameIn(row.path))?.[1]?.toLowerCase() ?? "";
  return {
    path: pathFacet(row),
    kind: row.kind === "folder" ? "folder" : (text?.kind ?? "binary"),
    extension,
    editedAt: row.atMs,
    by: row.pid ?? "",
    trust: row.labels.trust,
  };
}
