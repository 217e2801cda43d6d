import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import type { Stats } from "node:fs";
import { lstat, mkdir, open, readdir, realpath, rename, rmdir, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import type { ParsedArgsOf, ResultOf } from "@aiosjs/sdk/protocol";
import type { Driver, DriverContext, Holder, Holding } from "../../kernel/ports.ts";
import { toFileFault, codeOf } from "./fault.ts";
import { createFileHolding } from "./file-holding.ts";
import { openFolder } from "./folder.ts";
import type { Folder } from "./folder.ts";
import { nearby } from "./nearby.ts";
import type { Standing } from "./versions.ts";
import { VersionShelf } from "./version-shelf.ts";
import { folderNameOf, parseWorkspacePath, temporaryPrefix } from "./workspace-path.ts";

export interface WorkspaceOptions {
  /** Parent of all tenants' folders; made when it is missing. */
  readonly root: string;
  /** Larger files are neither read nor written (E2BIG). Default 16 MiB. */
  readonly maxFileBytes?: number;
  /** Folders with more entries are not listed (E2BIG). Default 10,000. */
  readonly maxEntries?: number;
  readonly concurrency?: number;
  /** Bytes of old contents of one process's files that are kept for going back; beyond it the oldest go. Default 256 MiB. */
  readonly maxOldBytes?: number;
  readonly nowMs?: () => number;
}

/** The files of processes: a device, and something that processes hold. */
export interface Workspace extends Driver, Holding {
  readonly name: "workspace";
  /** Forgets what stood there longer ago. */
  prune(retention: { readonly keepDays: number }): Promise<void>;
}

/** Where one call works: the process's own folder, and the path inside it. */
interface Place {
  readonly home: string;
  readonly components: readonly string[];
  readonly path: string;
  readonly signal: AbortSignal;
  /** Keeps what stands at these paths, as it was before this call; absent where nobody goes back. Returns what takes it back. */
  readonly keep: ((...standing: readonly Standing[]) => Promise<() => Promise<void>>) | undefined;
  /** Ends when nothing of the process's folder has two names any more by our doing. */
  readonly settled: () => Promise<void>;
}

type Verbs = { [Name in "fs.read" | "fs.write" | "fs.list" | "fs.remove"]: Verb<Name> };
type Verb<Name extends "fs.read" | "fs.write" | "fs.list" | "fs.remove"> = (
  place: Place,
  args: ParsedArgsOf<Name>,
) => Promise<ResultOf<Name>>;

const MiB = 1024 * 1024;
/** Changes of one process's files that are kept for going back. */
const MAX_OLD = 100_000;
const DAY_MS = 86_400_000;

const openFlags = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/**
 * Files of processes: each sees the folder `root/<tenant>/<pid>` and nothing else. Links, hard links, pipes and devices
 * are refused, also when they are swapped in during the call (see `openFolder`).
 * A write is a new file renamed over the old one after it is on disk: a crash leaves the old or the new content.
 */
export function createWorkspace(options: WorkspaceOptions): Workspace {
  const { root, maxFileBytes = 16 * MiB, maxEntries = 10_000, concurrency = 16 } = options;
  const { maxOldBytes = 256 * MiB, nowMs = Date.now } = options;
  const shelf = new VersionShelf({ maxBytes: maxOldBytes, maxEntries: MAX_OLD });
  let base: Promise<string> | undefined;
  const openBase = async (): Promise<string> => {
    await mkdir(root, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
      if (!["EEXIST", "ENOTDIR"].includes(codeOf(cause) ?? "")) throw cause;
      // Of the process's own file that would say something else.
      throw new SysError("EIO", `the files folder ${root} is no folder`, {
        cause,
        hint: "move away what stands there, or name another folder in files.root",
        retryable: false,
      });
    });
    return realpath(root);
  };

  const verbs: Verbs = {
    "fs.read": async (place, { encoding }) => {
      const [parent, name] = split(place);
      await using folder = await openFolder(place.home, parent);
      await using file = await openPlain(folder, name, place);
      const content = await readAtMost(file, maxFileBytes, place);
      return { content: decode(content, encoding, place.path), sizeBytes: content.byteLength };
    },

    "fs.write": async (place, { content, encoding }) => {
      const bytes = encode(content, encoding, place.path);
      if (bytes.byteLength > maxFileBytes) throw tooLarge(place.path, bytes.byteLength, maxFileBytes);
      const [parent, name] = split(place);
      const made = place.keep ? await missingFolders(place.home, parent) : [];
      const path = place.components.join("/");
      if (made.length > 0)
        await place.keep?.(...[...made, path].map((one) => ({ path: one, was: "nothing" as const })));
      await using folder = await openFolder(place.home, parent, { create: true });
      const present = await lstat(folder.at(name)).catch(() => undefined);
      if (present?.isDirectory())
        throw new SysError("EINVAL", `${JSON.stringify(place.path)} is a folder; a file cannot take its place`);
      const temporary = folder.at(temporaryPrefix + randomUUID());
      let undo: (() => Promise<void>) | undefined;
      try {
        await using file = await open(
          temporary,
          openFlags | constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
          0o600,
        );
        await file.writeFile(bytes, { signal: place.signal });
        await file.sync();
        await folder.recheck();
        if (made.length === 0) undo = await place.keep?.(standingOf(path, folder.at(name), present));
        await rename(temporary, folder.at(name));
      } catch (cause) {
        await undo?.();
        // What failed is told; that the half-written file may be gone already is not news.
        await unlink(temporary).catch(() => undefined);
        throw cause;
      }
      await folder.sync();
      return { sizeBytes: bytes.byteLength };
    },

    "fs.list": async (place) => {
      // A process that has written nothing yet has an empty folder, not a missing one.
      await using folder = await openFolder(place.home, place.components, {
        create: place.components.length === 0,
      });
      const found = (await readdir(folder.at("."), { withFileTypes: true })).filter(
        (entry) => !entry.name.startsWith(temporaryPrefix),
      );
      if (found.length > maxEntries)
        throw new SysError(
          "E2BIG",
          `${JSON.stringify(place.path)} has ${found.length} entries; at most ${maxEntries} are listed`,
        );
      const entries: ResultOf<"fs.list">["entries"] = [];
      for (const { name } of found.toSorted((left, right) => (left.name < right.name ? -1 : 1))) {
        place.signal.throwIfAborted();
        const stats = await lstat(folder.at(name)).catch(() => undefined);
        if (!stats) continue;
        const kind = stats.isFile() ? "file" : stats.isDirectory() ? "folder" : "other";
        entries.push({ name, kind, sizeBytes: kind === "file" ? stats.size : 0 });
      }
      return { entries };
    },

    "fs.remove": async (place) => {
      const [parent, name] = split(place);
      await using folder = await openFolder(place.home, parent);
      const stats = await lstat(folder.at(name));
      await folder.recheck();
      if (stats.isDirectory()) await sweep(place.home, [...parent, name]);
      const undo = await place.keep?.(standingOf(place.components.join("/"), folder.at(name), stats));
      try {
        if (stats.isDirectory()) await rmdir(folder.at(name));
        // A link or a pipe goes too: what is removed is the name in this folder, never what it points at.
        else await unlink(folder.at(name));
      } catch (cause) {
        await undo?.();
        throw cause;
      }
      await folder.sync();
      return {};
    },
  };

  const reachBase = (): Promise<string> =>
    (base ??= openBase().catch((cause: unknown) => {
      base = undefined; // what is mended is seen by the next call
      throw cause;
    }));
  const homeOf = async ({ tenant, pid }: Holder): Promise<string> =>
    join(await reachBase(), folderNameOf(tenant), folderNameOf(pid));

  return {
    ...createFileHolding({ homeOf, shelf, maxFileBytes }),
    name: "workspace",
    device: "fs",
    concurrency,
    async prune({ keepDays }) {
      await shelf.prune(await reachBase(), nowMs() - keepDays * DAY_MS);
    },
    async *execute(name: string, args: unknown, context: DriverContext) {
      const verb = verbs[name as keyof Verbs] as Verb<keyof Verbs> | undefined;
      if (!verb) throw new SysError("ENOSYS", `the workspace has no syscall ${name}`);
      const { path } = args as ParsedArgsOf<"fs.read">;
      const components = parseWorkspacePath(path);
      let home = "";
      try {
        home = await homeOf(context);
        const { signal, seq } = context;
        const settled = (): Promise<void> => shelf.settle(home);
        const work = (keep: Place["keep"]): Promise<ResultOf<keyof Verbs>> => {
          signal.throwIfAborted();
          return verb({ home, components, path, signal, keep, settled }, args as ParsedArgsOf<keyof Verbs>);
        };
        const isKept = seq !== undefined && (name === "fs.write" || name === "fs.remove");
        const result = isKept
          ? await shelf.change(home, (versions) => work((...standing) => versions.keep(seq, standing, nowMs())))
          : await work(undefined);
        yield [{ type: "result" as const, result }];
      } catch (cause) {
        // The root may have been unreachable (an unmounted disk): the next call looks again.
        if (codeOf(cause) !== undefined) base = undefined;
        if (codeOf(cause) === "ENOENT") throw await nearby(home, components);
        throw toFileFault(cause, path);
      }
    },
  };
}

/** The folder that holds the path's last component, and that component. */
function split({ components, path }: Place): [parent: readonly string[], name: string] {
  const name = components.at(-1);
  if (name === undefined)
    throw new SysError("EINVAL", `${JSON.stringify(path)} is the process's own folder, not a file`);
  return [components.slice(0, -1), name];
}

/** The folders on the way that are not there, the outermost first. */
async function missingFolders(home: string, components: readonly string[]): Promise<string[]> {
  for (let depth = components.length; depth > 0; depth--) {
    const isThere = await openFolder(home, components.slice(0, depth)).then(
      (folder) => folder[Symbol.asyncDispose]().then(() => true),
      (cause: unknown) => {
        if (codeOf(cause) === "ENOENT") return false;
        throw cause;
      },
    );
    if (isThere) return components.slice(depth).map((_, index) => components.slice(0, depth + index + 1).join("/"));
  }
  return components.map((_, index) => components.slice(0, index + 1).join("/"));
}

/** What is kept of it: what has further names was not made here, and is not ours to keep. */
function standingOf(path: string, file: string, stats: Stats | undefined): Standing {
  if (stats?.isDirectory()) return { path, was: "folder" };
  return stats?.isFile() && stats.nlink === 1 ? { path, was: "file", file } : { path, was: "nothing" };
}

async function openPlain(folder: Folder, name: string, place: Place): Promise<FileHandle> {
  const { path } = place;
  let file = await open(folder.at(name), openFlags | constants.O_RDONLY);
  try {
    await folder.recheck();
    let stats = await file.stat();
    if (stats.isFile() && stats.nlink > 1) {
      // It is about to be replaced, or was when the kernel died.
      await place.settled();
      await file.close();
      file = await open(folder.at(name), openFlags | constants.O_RDONLY);
      stats = await file.stat();
    }
    if (stats.isDirectory()) throw new SysError("EINVAL", `${JSON.stringify(path)} is a folder; list it instead`);
    if (!stats.isFile())
      throw new SysError("EINVAL", `${JSON.stringify(path)} is a pipe or a device, not a plain file`);
    if (stats.nlink > 1)
      throw new SysError("EACCES", `${JSON.stringify(path)} is a hard link; only files with one name are read`, {
        hint: "Copy the file instead of linking it.",
      });
    return file;
  } catch (cause) {
    await file.close();
    throw cause;
  }
}

/** Reads to the end, but never more than the limit: the file may grow meanwhile. */
async function readAtMost(file: FileHandle, maxBytes: number, place: Place): Promise<Buffer> {
  const { size } = await file.stat();
  if (size > maxBytes) throw tooLarge(place.path, size, maxBytes);
  const chunks: Buffer[] = [];
  for (let total = 0; ;) {
    place.signal.throwIfAborted();
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.allocUnsafe(Math.max(4_096, size - total + 1)) });
    if (bytesRead === 0) return Buffer.concat(chunks);
    total += bytesRead;
    if (total > maxBytes) throw tooLarge(place.path, total, maxBytes);
    chunks.push(buffer.subarray(0, bytesRead));
  }
}

/** A folder that holds nothing but half-written files of a crash counts as empty. */
async function sweep(home: string, components: readonly string[]): Promise<void> {
  await using folder = await openFolder(home, components);
  const names = await readdir(folder.at("."));
  if (!names.every((name) => name.startsWith(temporaryPrefix))) return;
  for (const name of names) await unlink(folder.at(name));
}

function decode(content: Buffer, encoding: "utf8" | "base64", path: string): string {
  if (encoding === "base64") return content.toString("base64");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch (cause) {
    throw new SysError("EINVAL", `${JSON.stringify(path)} is not UTF-8 text`, {
      cause,
      hint: 'Read it with encoding "base64".',
    });
  }
}

function encode(content: string, encoding: "utf8" | "base64", path: string): Buffer {
  if (encoding === "base64" && !/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(content))
    throw new SysError("EINVAL", `the content for ${JSON.stringify(path)} is not base64`);
  return Buffer.from(content, encoding);
}

const tooLarge = (path: string, sizeBytes: number, maxBytes: number): SysError =>
  new SysError(
    "E2BIG",
    `${JSON.stringify(path)} has ${sizeBytes} bytes; files of at most ${maxBytes} are read and written`,
  );
