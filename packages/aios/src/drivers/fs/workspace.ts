import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { lstat, mkdir, open, readdir, realpath, rename, rmdir, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import type { ParsedArgsOf, ResultOf } from "@aiosjs/sdk/protocol";
import type { Driver, DriverContext } from "../../kernel/ports.ts";
import { toFileFault, codeOf } from "./fault.ts";
import { openFolder } from "./folder.ts";
import type { Folder } from "./folder.ts";
import { nearby } from "./nearby.ts";
import { folderNameOf, parseWorkspacePath, temporaryPrefix } from "./workspace-path.ts";

export interface WorkspaceOptions {
  /** Parent of all tenants' folders; made when it is missing. */
  readonly root: string;
  /** Larger files are neither read nor written (E2BIG). Default 16 MiB. */
  readonly maxFileBytes?: number;
  /** Folders with more entries are not listed (E2BIG). Default 10,000. */
  readonly maxEntries?: number;
  readonly concurrency?: number;
}

/** Where one call works: the process's own folder, and the path inside it. */
interface Place {
  readonly home: string;
  readonly components: readonly string[];
  readonly path: string;
  readonly signal: AbortSignal;
}

type Verbs = { [Name in "fs.read" | "fs.write" | "fs.list" | "fs.remove"]: Verb<Name> };
type Verb<Name extends "fs.read" | "fs.write" | "fs.list" | "fs.remove"> = (
  place: Place,
  args: ParsedArgsOf<Name>,
) => Promise<ResultOf<Name>>;

const openFlags = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/**
 * Files of processes: each sees the folder `root/<tenant>/<pid>` and nothing else. Links, hard links, pipes and devices
 * are refused, also when they are swapped in during the call (see `openFolder`).
 * A write is a new file renamed over the old one after it is on disk: a crash leaves the old or the new content.
 */
export function createWorkspace(options: WorkspaceOptions): Driver {
  const { root, maxFileBytes = 16 * 1024 * 1024, maxEntries = 10_000, concurrency = 16 } = options;
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
      await using file = await openPlain(folder, name, place.path);
      const content = await readAtMost(file, maxFileBytes, place);
      return { content: decode(content, encoding, place.path), sizeBytes: content.byteLength };
    },

    "fs.write": async (place, { content, encoding }) => {
      const bytes = encode(content, encoding, place.path);
      if (bytes.byteLength > maxFileBytes) throw tooLarge(place.path, bytes.byteLength, maxFileBytes);
      const [parent, name] = split(place);
      await using folder = await openFolder(place.home, parent, { create: true });
      const present = await lstat(folder.at(name)).catch(() => undefined);
      if (present?.isDirectory())
        throw new SysError("EINVAL", `${JSON.stringify(place.path)} is a folder; a file cannot take its place`);
      const temporary = folder.at(temporaryPrefix + randomUUID());
      try {
        await using file = await open(
          temporary,
          openFlags | constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
          0o600,
        );
        await file.writeFile(bytes, { signal: place.signal });
        await file.sync();
        await folder.recheck();
        await rename(temporary, folder.at(name));
      } catch (cause) {
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
      if (stats.isDirectory()) {
        await sweep(place.home, [...parent, name]);
        await rmdir(folder.at(name));
      } else {
        // A link or a pipe goes too: what is removed is the name in this folder, never what it points at.
        await unlink(folder.at(name));
      }
      await folder.sync();
      return {};
    },
  };

  return {
    name: "workspace",
    device: "fs",
    concurrency,
    async *execute(name: string, args: unknown, context: DriverContext) {
      const verb = verbs[name as keyof Verbs] as Verb<keyof Verbs> | undefined;
      if (!verb) throw new SysError("ENOSYS", `the workspace has no syscall ${name}`);
      const { path } = args as ParsedArgsOf<"fs.read">;
      const components = parseWorkspacePath(path);
      base ??= openBase().catch((cause: unknown) => {
        base = undefined; // what is mended is seen by the next call
        throw cause;
      });
      let home = "";
      try {
        home = join(await base, folderNameOf(context.tenant), folderNameOf(context.pid));
        const place: Place = { home, components, path, signal: context.signal };
        context.signal.throwIfAborted();
        const result = await verb(place, args as ParsedArgsOf<keyof Verbs>);
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

async function openPlain(folder: Folder, name: string, path: string): Promise<FileHandle> {
  const file = await open(folder.at(name), openFlags | constants.O_RDONLY);
  try {
    await folder.recheck();
    const stats = await file.stat();
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
