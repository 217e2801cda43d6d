import { randomUUID } from "node:crypto";
import { constants, createReadStream, createWriteStream } from "node:fs";
import { lstat, open, readdir, rename, rm, rmdir, unlink } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { SysError } from "@aiosjs/sdk/protocol";
import type { Holder, Holding } from "../../kernel/ports.ts";
import { codeOf, toFileFault } from "./fault.ts";
import { readPiece, refusedPiece } from "./file-piece.ts";
import type { FilePiece } from "./file-piece.ts";
import { openFolder } from "./folder.ts";
import type { VersionShelf } from "./version-shelf.ts";
import type { Versions } from "./versions.ts";
import { temporaryPrefix } from "./workspace-path.ts";

interface FileHoldingOptions {
  readonly homeOf: (holder: Holder) => Promise<string>;
  readonly shelf: VersionShelf;
  readonly maxFileBytes: number;
}

/** Bytes of a file that travel at a time. */
const PIECE_BYTES = 256 * 1024;

/** Something in a process's folder as it was; `from`: where its content is, if it is not there any more. */
type Found = { readonly path: string } & (
  | { readonly kind: "folder" }
  | { readonly kind: "file"; readonly from: string | undefined }
);

/** Files as something that a process holds. A link, a pipe or a file with two names was made by others: it does not go with it. */
export function createFileHolding({ homeOf, shelf, maxFileBytes }: FileHoldingOptions): Omit<Holding, "name"> {
  const readAt = (home: string, seq: number, { path, at }: { path: string; at: number }): Promise<FilePiece> =>
    shelf.use(home, async (versions) => {
      const kept = await versions.standing(path, seq);
      if (kept && kept.was !== "file") throw changedMeanwhile(path);
      await using file = await openFound(home, {
        path,
        kind: "file",
        from: kept ? versions.contentOf(kept) : undefined,
      });
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(PIECE_BYTES), position: at });
      return { path, kind: "file", at, base64: buffer.subarray(0, bytesRead).toString("base64") };
    });

  return {
    isHeldBy: async (holder) => {
      const home = await homeOf(holder);
      const isThere = (path: string): Promise<boolean> =>
        lstat(path).then(
          () => true,
          () => false,
        );
      return (await isThere(home)) || (await isThere(versionsOf(home)));
    },

    async *export(of, seq, after) {
      const home = await homeOf(of);
      const tree = await shelf.use(home, async (versions) => {
        await checkFloor(of, versions, seq);
        return treeAt(home, versions, seq);
      });
      const [reached = "", begun] = after?.split("\u0000") ?? [];
      for (const path of [...tree.keys()].toSorted()) {
        if (path < reached || (path === reached && begun === undefined)) continue;
        if (tree.get(path)?.kind === "folder") {
          yield { place: path, body: { path, kind: "folder" } satisfies FilePiece };
          continue;
        }
        for (let at = path === reached ? Number(begun) || 0 : 0, isLast = false; !isLast;) {
          const piece = await readAt(home, seq, { path, at });
          const sizeBytes = piece.kind === "file" ? Buffer.byteLength(piece.base64, "base64") : 0;
          isLast = sizeBytes < PIECE_BYTES;
          const isWorthIt = sizeBytes > 0 || at === 0;
          at += sizeBytes;
          if (isWorthIt) yield { place: isLast ? path : `${path}\u0000${at}`, body: piece };
        }
      }
    },

    import: async (to, bodies) => {
      const home = await homeOf(to);
      for (const body of bodies) await put(home, readPiece(body), maxFileBytes);
      return [];
    },

    copyTo: async (to, from, seq) => {
      const [home, target] = [await homeOf(from), await homeOf(to)];
      await shelf.use(home, async (versions) => {
        await checkFloor(from, versions, seq);
        const tree = await treeAt(home, versions, seq);
        for (const path of [...tree.keys()].toSorted()) {
          const found = tree.get(path) as Found;
          if (found.kind === "folder")
            await (await openFolder(target, partsOf(path), { create: true }))[Symbol.asyncDispose]();
          else await copyInto(home, target, found);
        }
      });
      return [];
    },

    checkBack: async (of, seq) => {
      const home = await homeOf(of);
      await shelf.use(home, (versions) => checkFloor(of, versions, seq));
    },

    backTo: async (of, seq) => {
      const home = await homeOf(of);
      await shelf.use(home, async (versions) => {
        const changed = [...(await versions.at(seq))].toSorted(([left], [right]) => (left < right ? -1 : 1));
        // What is inside of a folder goes before it, and comes after it.
        for (const [path, { was }] of changed.toReversed()) if (was !== "file") await clear(home, path, was);
        for (const [path, kept] of changed) {
          if (kept.was === "folder")
            await (await openFolder(home, partsOf(path), { create: true }))[Symbol.asyncDispose]();
          if (kept.was !== "file") continue;
          await clear(home, path, "file");
          await copyInto(home, home, { path, kind: "file", from: versions.contentOf(kept) });
        }
        await versions.forgetAfter(seq);
      });
      return [];
    },

    drop: async (of) => {
      const home = await homeOf(of);
      await shelf.use(home, async () => {
        await rm(home, { recursive: true, force: true });
        await rm(versionsOf(home), { recursive: true, force: true });
      });
      shelf.forget(home);
    },
  };
}

const versionsOf = (home: string): string => `${home}.versions`;
const partsOf = (path: string): string[] => path.split("/");

async function checkFloor({ pid }: Holder, versions: Versions, seq: number): Promise<void> {
  const floor = await versions.floor();
  if (seq < floor)
    throw new SysError("ESTALE", `the files of ${pid} are known back to its call ${floor} only`, {
      hint: `what stood there longer ago is not kept: name call ${floor} or a later one`,
    });
}

/** All files and folders of a process, as they were after call `seq`. */
async function treeAt(home: string, versions: Versions, seq: number): Promise<Map<string, Found>> {
  const tree = new Map<string, Found>();
  await addPresent(home, [], tree);
  for (const [path, kept] of await versions.at(seq))
    if (kept.was === "nothing") tree.delete(path);
    else
      tree.set(
        path,
        kept.was === "folder" ? { path, kind: "folder" } : { path, kind: "file", from: versions.contentOf(kept) },
      );
  return tree;
}

async function addPresent(home: string, components: readonly string[], tree: Map<string, Found>): Promise<void> {
  const folder = await openFolder(home, components).catch((cause: unknown) => {
    if (codeOf(cause) === "ENOENT") return undefined;
    throw cause;
  });
  if (!folder) return;
  const inner: string[] = [];
  {
    await using here = folder;
    for (const { name } of await readdir(here.at("."), { withFileTypes: true })) {
      if (name.startsWith(temporaryPrefix)) continue;
      const stats = await lstat(here.at(name)).catch(() => undefined);
      const path = [...components, name].join("/");
      if (stats?.isFile() && stats.nlink === 1) tree.set(path, { path, kind: "file", from: undefined });
      if (!stats?.isDirectory()) continue;
      tree.set(path, { path, kind: "folder" });
      inner.push(name);
    }
  }
  for (const name of inner) await addPresent(home, [...components, name], tree);
}

const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

async function openFound(home: string, { path, from }: Extract<Found, { kind: "file" }>) {
  if (from !== undefined) return open(from, readFlags);
  const parts = partsOf(path);
  await using folder = await openFolder(home, parts.slice(0, -1));
  const file = await open(folder.at(parts.at(-1) as string), readFlags);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw changedMeanwhile(path);
}

const changedMeanwhile = (path: string): SysError =>
  new SysError("EBUSY", `${JSON.stringify(path)} was changed by others meanwhile`);

/** Writes a file whole, over what stands there. */
async function copyInto(home: string, target: string, found: Extract<Found, { kind: "file" }>): Promise<void> {
  const parts = partsOf(found.path);
  await using folder = await openFolder(target, parts.slice(0, -1), { create: true });
  const temporary = folder.at(temporaryPrefix + randomUUID());
  try {
    const source = await openFound(home, found);
    await pipeline(
      createReadStream("", { fd: source }),
      createWriteStream(temporary, { flags: "wx", mode: 0o600, flush: true }),
    );
    await folder.recheck();
    await rename(temporary, folder.at(parts.at(-1) as string));
  } catch (cause) {
    await unlink(temporary).catch(() => undefined);
    throw toFileFault(cause, found.path);
  }
  await folder.sync();
}

/** Takes away what stands where something else is to stand. A folder in which others have put something stays. */
async function clear(home: string, path: string, wanted: "nothing" | "folder" | "file"): Promise<void> {
  const parts = partsOf(path);
  try {
    await using folder = await openFolder(home, parts.slice(0, -1));
    const name = folder.at(parts.at(-1) as string);
    const isFolder = (await lstat(name)).isDirectory();
    if (isFolder && wanted !== "folder") await rmdir(name);
    else if (!isFolder && wanted !== "file") await unlink(name);
    await folder.sync();
  } catch (cause) {
    if (codeOf(cause) === "ENOENT" || (wanted === "nothing" && codeOf(cause) === "ENOTEMPTY")) return;
    throw toFileFault(cause, path);
  }
}

async function put(home: string, piece: FilePiece, maxFileBytes: number): Promise<void> {
  const parts = partsOf(piece.path);
  try {
    if (piece.kind === "folder") return await (await openFolder(home, parts, { create: true }))[Symbol.asyncDispose]();
    const bytes = Buffer.from(piece.base64, "base64");
    if (piece.at + bytes.byteLength > maxFileBytes)
      throw new SysError("E2BIG", `${JSON.stringify(piece.path)}: files of at most ${maxFileBytes} bytes are taken`);
    await using folder = await openFolder(home, parts.slice(0, -1), { create: true });
    // A file begins with its first piece, and each one goes on where the one before it ended.
    const how = piece.at === 0 ? constants.O_CREAT | constants.O_EXCL : constants.O_APPEND;
    const flags = constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0) | how;
    await using file = await open(folder.at(parts.at(-1) as string), flags, 0o600);
    if ((await file.stat()).size !== piece.at)
      throw refusedPiece(piece.path, "does not begin where the piece before it ended");
    await file.writeFile(bytes);
    await file.sync();
  } catch (cause) {
    if (codeOf(cause) === "EEXIST") throw refusedPiece(piece.path, "comes twice");
    if (codeOf(cause) === "ENOENT") throw refusedPiece(piece.path, "has no beginning");
    throw toFileFault(cause, piece.path);
  }
}
