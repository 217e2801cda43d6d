import { SysError } from "@aiosjs/sdk/protocol";
import { shown } from "./file-path.ts";
import type { Files } from "./files.ts";
import type {
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

/** Files that are compared, and texts that are asked for, at a time. */
const PAGE = 500;
/** Facets are short: what is longer is cut. */
const MAX_TITLE = 300;

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
  #index: Promise<SearchIndex> | undefined;
  /** What the index has not been told of, by the files' keys. */
  readonly #changes = new Map<string, FileRow>();
  #isTelling = false;
  /** Settles when the index has been told of those; of the ones that it is being told of now. */
  #next = Promise.withResolvers<void>();
  #now: Promise<void> = Promise.resolve();
  #caughtUp: Promise<unknown> | undefined;

  constructor(parts: { journal: Journal; files: Files; hash: Hash }, tools: FileTools) {
    this.#journal = parts.journal;
    this.#files = parts.files;
    this.#hash = parts.hash;
    this.#tools = tools;
  }

  /** What a request asks for, in words and filters. */
  understand(request: string): FileRequest {
    return this.#tools.understand(request);
  }

  /** @throws SysError EIO, ENOSPC when it cannot be opened; the next one tries again. */
  index(): Promise<SearchIndex> {
    this.#index ??= this.#tools.openIndex().catch((cause: unknown) => {
      this.#index = undefined;
      throw cause;
    });
    return this.#index;
  }

  /** A change of a file is on disk: the index follows, once anybody has searched. */
  written(row: FileRow): void {
    if (!this.#caughtUp) return;
    this.#changes.set(keyOf(row), row);
    if (!this.#isTelling) void this.#tell();
  }

  async #tell(): Promise<void> {
    this.#isTelling = true;
    while (this.#changes.size > 0) {
      const rows = [...this.#changes.values()];
      this.#changes.clear();
      const { promise, resolve } = this.#next;
      this.#now = promise;
      this.#next = Promise.withResolvers<void>();
      try {
        const index = await this.index();
        for (const row of rows) await this.#take(row, index);
      } catch {
        // What it was not told it finds when everything is compared.
        this.#caughtUp = undefined;
      }
      resolve();
    }
    this.#isTelling = false;
  }

  /** Resolves when the index has been told of all that is on record now; who goes on writing holds nobody up. */
  async #told(): Promise<void> {
    const { promise } = this.#next;
    const isMore = this.#changes.size > 0;
    await this.#now;
    if (isMore) await promise;
  }

  /** Resolves when all that was on record can be found. @throws SysError ENOSPC, EIO when the index failed. */
  async isFound(): Promise<void> {
    await this.#told();
    this.#caughtUp ??= this.compare({ repair: true });
    try {
      await this.#caughtUp;
      await this.#told();
    } catch (cause) {
      this.#caughtUp = undefined;
      const isFull = cause instanceof SysError && cause.code === "ENOSPC";
      throw new SysError(isFull ? "ENOSPC" : "EIO", "the index of files does not answer", {
        cause,
        hint: isFull ? cause.hint : "the files are where they were; search again, or look at aios fs verify",
      });
    }
  }

  /** Compares all files with the index; `repair` puts right what differs. */
  async compare({ repair }: { repair: boolean }): Promise<{ files: number; missing: string[]; orphaned: string[] }> {
    await this.#told();
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
        for (const row of page) {
          orphaned.delete(keyOf(row));
          files++;
          if (held.get(keyOf(row)) === row.change) continue;
          missing.push(shown(row));
          if (repair) await this.#take(row, index);
        }
        afterPath = page.at(-1)?.path;
        if (page.length < PAGE) break;
      }
    if (repair) await index.remove([...orphaned].flatMap((key) => [key, ...(chunks.get(key) ?? [])]));
    return { files, missing, orphaned: [...orphaned].map((key) => shown(placeOf(key))) };
  }

  /** The index holds of the file what it is now. */
  async #take(row: FileRow, index: SearchIndex): Promise<void> {
    const key = keyOf(row);
    const before = new Set(await this.#chunksOf(key, index));
    if (row.kind === "gone") return index.remove([key, ...before]);
    const text = row.kind === "file" ? await this.#read(row) : undefined;
    const facets = facetsOf(row, text);
    const space = spaceOf(row);
    const chunks = new Map<string, Findable>();
    for (const { heading, text: said, at } of text?.chunks ?? []) {
      const id = `${key}\n${this.#hash.sha256(`${heading}\n${said}`).slice(0, 24)}`;
      const terms = heading === "" ? [] : [heading];
      chunks.set(id, { id, space, version: row.change, text: said, terms, facets: { ...facets, at } });
    }
    // One whose words are the same has new facets all the same: when it was edited, by whom.
    await index.put([...chunks.values()]);
    await index.remove([...before].filter((id) => !chunks.has(id)));
    const names = row.path.split("/");
    const title = text?.title.slice(0, MAX_TITLE) ?? names.at(-1) ?? "";
    // The last: it says that the others are there.
    await index.put([
      {
        id: key,
        space,
        version: row.change,
        text: `${names.join(" ")}\n${title}`,
        terms: [names.at(-1) ?? "", title],
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

/** No name has a line break. */
const keyOf = ({ tenant, root, path }: Pick<FileRow, "tenant" | "root" | "path">): string =>
  `${tenant}\n${root}\n${path}`;

/** The key of the file that a text in the index is of. */
export const fileOf = (id: string): string => id.split("\n", 3).join("\n");

export function placeOf(key: string): { tenant: string; root: string; path: string } {
  const [tenant = "", root = "", path = ""] = key.split("\n");
  return { tenant, root, path };
}

export const spaceOf = ({ tenant, root }: Pick<KeptFile, "tenant" | "root">): string => `${tenant}/${root}`;

function facetsOf(row: FileRow, text: FileText | undefined): Record<string, string | number> {
  const name = row.path.slice(row.path.lastIndexOf("/") + 1);
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  return {
    kind: row.kind === "folder" ? "folder" : (text?.kind ?? "binary"),
    extension,
    editedAt: row.atMs,
    by: row.pid ?? "",
    trust: row.labels.trust,
  };
}
