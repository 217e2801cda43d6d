import { constants } from "node:fs";
import { copyFile, link, lstat, mkdir, open, readdir, readFile, rename, truncate, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import { codeOf } from "./fault.ts";

/** Something that a call changes: what stands at the path before it. */
export interface Standing {
  readonly path: string;
  readonly was: "nothing" | "folder" | "file";
  /** Of a file: by which it is linked. */
  readonly file?: string;
}

/** A line of the log: what stood at a path before call `seq` changed it. A file's content is kept as file `n`. */
export interface Kept {
  readonly n: number;
  readonly seq: number;
  readonly atMs: number;
  readonly path: string;
  readonly was: "nothing" | "folder" | "file";
  readonly sizeBytes: number;
}

export interface Bounds {
  /** Bytes of old contents; beyond it the oldest go. */
  readonly maxBytes: number;
  readonly maxEntries: number;
}

const LOG = "log";

/**
 * What stood in a process's folder before its calls changed it, in the order of the changes. A change is written here, and is on
 * disk, before it is made: one that a crash cut off is made again, and what stood before it is known twice then. An old
 * content is the old file itself under a second name, not a copy of it. Its user sees to it that one thing happens at a time.
 */
export class Versions {
  readonly #folder: string;
  readonly #bounds: Bounds;
  #kept: Kept[] | undefined;
  /** Older changes than this call's were forgotten. */
  #floor = 0;
  #next = 1;
  #logBytes = 0;

  constructor(folder: string, bounds: Bounds) {
    this.#folder = folder;
    this.#bounds = bounds;
  }

  /** Where an old content is. */
  contentOf({ n }: Kept): string {
    return join(this.#folder, String(n));
  }

  /** Back to where it can be gone: to this call, or a later one. */
  async floor(): Promise<number> {
    await this.#load();
    return this.#floor;
  }

  /** Keeps what stands there, before call `seq` changes it. Returns what takes that back: the change was not made. */
  async keep(seq: number, standing: readonly Standing[], atMs: number): Promise<() => Promise<void>> {
    const kept = await this.#load();
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const [count, bytes] = [kept.length, this.#logBytes];
    const undo = async (): Promise<void> => {
      for (const one of kept.splice(count)) if (one.was === "file") await forget(this.contentOf(one));
      this.#logBytes = bytes;
      if ((await lstat(this.#log).catch(() => undefined)) !== undefined) await truncate(this.#log, bytes);
    };
    try {
      for (const { path, was, file } of standing) {
        const n = this.#next++;
        const sizeBytes = file === undefined ? 0 : await linkAt(file, join(this.#folder, String(n)));
        kept.push({ n, seq, atMs, path, was, sizeBytes });
      }
      const text = kept.slice(count).map(lineOf).join("");
      await using log = await open(this.#log, "a", 0o600);
      await log.appendFile(text);
      await log.datasync();
      this.#logBytes += Buffer.byteLength(text);
      if (count === 0 || standing.some(({ file }) => file !== undefined)) await syncFolder(this.#folder);
    } catch (cause) {
      // What could not be kept is told; that it cannot be tidied up either is seen by the next start.
      await undo().catch(() => (this.#kept = undefined));
      throw cause;
    }
    return undo;
  }

  /** The oldest go where there are too many. Called when a change is made. */
  async bound(): Promise<void> {
    const kept = await this.#load();
    const { maxBytes, maxEntries } = this.#bounds;
    let bytes = kept.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    if (bytes <= maxBytes && kept.length <= maxEntries) return;
    // A quarter at once: the log is written anew each time.
    let count = 0;
    while (count < kept.length && (bytes > maxBytes * 0.75 || kept.length - count > maxEntries * 0.75))
      bytes -= kept[count++]?.sizeBytes ?? 0;
    await this.#forgetFirst(count);
  }

  /** Forgets what is older. */
  async prune(beforeMs: number): Promise<void> {
    const kept = await this.#load();
    const first = kept.findIndex(({ atMs }) => atMs >= beforeMs);
    await this.#forgetFirst(first < 0 ? kept.length : first);
  }

  /** What stood after call `seq` at the paths that were changed since; at all others stands what stands there now. */
  async at(seq: number): Promise<ReadonlyMap<string, Kept>> {
    const kept = await this.#load();
    const found = new Map<string, Kept>();
    // A later change by an earlier call holds: calls that run at once are not done in their order.
    for (const one of kept)
      if (one.seq <= seq) found.delete(one.path);
      else if (!found.has(one.path)) found.set(one.path, one);
    return found;
  }

  /** The same of one path. */
  async standing(path: string, seq: number): Promise<Kept | undefined> {
    const kept = await this.#load();
    let found: Kept | undefined;
    for (const one of kept) if (one.path === path) found = one.seq <= seq ? undefined : (found ?? one);
    return found;
  }

  /** The folder stands as after call `seq`: what later ones changed is forgotten. */
  async forgetAfter(seq: number): Promise<void> {
    const kept = await this.#load();
    const before = new Map<string, Kept>();
    const left: Kept[] = [];
    for (const one of kept) {
      const first = before.get(one.path) ?? one;
      if (one.seq > seq) before.set(one.path, first);
      else {
        left.push({ ...one, n: first.n, was: first.was, sizeBytes: first.sizeBytes });
        before.delete(one.path);
      }
    }
    if (left.length < kept.length) await this.#rewrite(left);
  }

  async #forgetFirst(count: number): Promise<void> {
    const kept = await this.#load();
    if (count === 0) return;
    this.#floor = kept.slice(0, count).reduce((highest, { seq }) => Math.max(highest, seq), this.#floor);
    await this.#rewrite(kept.slice(count));
  }

  /** Whole or not at all; contents that nothing points to any more go afterwards. */
  async #rewrite(left: readonly Kept[]): Promise<void> {
    const text = `${JSON.stringify({ floor: this.#floor })}\n${left.map(lineOf).join("")}`;
    const fresh = join(this.#folder, `${LOG}.new`);
    {
      await using log = await open(fresh, "w", 0o600);
      await log.writeFile(text);
      await log.sync();
    }
    await rename(fresh, this.#log);
    await syncFolder(this.#folder);
    this.#kept = [...left];
    this.#logBytes = Buffer.byteLength(text);
    await this.#sweep(left);
  }

  async #sweep(kept: readonly Kept[]): Promise<void> {
    const names = new Set(kept.filter(({ was }) => was === "file").map(({ n }) => String(n)));
    for (const name of await readdir(this.#folder))
      if (name !== LOG && !names.has(name)) await forget(join(this.#folder, name));
  }

  get #log(): string {
    return join(this.#folder, LOG);
  }

  /** @throws SysError EIO when the log is damaged. */
  async #load(): Promise<Kept[]> {
    if (this.#kept) return this.#kept;
    const text = await readFile(this.#log, "utf8").catch((cause: unknown) => {
      if (codeOf(cause) !== "ENOENT") throw cause;
      return "";
    });
    const kept: Kept[] = [];
    let lastLine = "";
    // A line that was cut off belongs to a change that was not made.
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    for (const [index, line] of whole.split("\n").slice(0, -1).entries()) {
      const entry = readLine(line) ?? this.#damaged(index + 1);
      if ("floor" in entry) this.#floor = entry.floor;
      else kept.push(entry);
      lastLine = line;
    }
    this.#logBytes = Buffer.byteLength(whole);
    // So was one whose file still has its place: the kernel died before it.
    const last = kept.at(-1);
    if (last?.was === "file" && (await lstat(this.contentOf(last))).nlink > 1) {
      kept.pop();
      this.#logBytes -= Buffer.byteLength(lastLine) + 1;
    }
    if (this.#logBytes < Buffer.byteLength(text)) await truncate(this.#log, this.#logBytes);
    if (text !== "") await this.#sweep(kept);
    this.#next = 1 + kept.reduce((highest, { n }) => Math.max(highest, n), 0);
    this.#kept = kept;
    return kept;
  }

  #damaged(line: number): never {
    throw new SysError("EIO", `${this.#log} is damaged in line ${line}`, {
      hint: "Without this folder nothing is lost but the way back to earlier calls: move it away.",
      retryable: false,
    });
  }
}

const lineOf = (kept: Kept): string => `${JSON.stringify(kept)}\n`;

function readLine(line: string): Kept | { floor: number } | undefined {
  try {
    return JSON.parse(line) as Kept | { floor: number };
  } catch {
    return undefined;
  }
}

/** A second name for a file, where there are such; else a copy. Returns its size. */
async function linkAt(file: string, name: string): Promise<number> {
  await link(file, name).catch(async (cause: unknown) => {
    if (!["EPERM", "EXDEV", "ENOTSUP", "EMLINK"].includes(codeOf(cause) ?? "")) throw cause;
    await copyFile(file, name, constants.COPYFILE_FICLONE);
    await using copy = await open(name, "r+");
    await copy.sync();
  });
  return (await lstat(name)).size;
}

async function syncFolder(path: string): Promise<void> {
  // Windows cannot flush a folder; its file system journals names by itself.
  if (process.platform === "win32") return;
  await using folder: FileHandle = await open(path, "r");
  await folder.sync();
}

const forget = (path: string): Promise<void> =>
  unlink(path).catch((cause: unknown) => {
    if (codeOf(cause) !== "ENOENT") throw cause;
  });
