import { SysError } from "@aiosjs/sdk/protocol";
import { namesOf } from "./file-path.ts";
import type { Disk } from "./ports.ts";

/** A folder, or a piece of a file, on its way to another machine. */
export type FilePiece =
  | { readonly path: string; readonly kind: "folder" }
  | { readonly path: string; readonly kind: "file"; readonly at: number; readonly base64: string };

/**
 * A piece as somebody sent it.
 * @throws SysError EINVAL for one that is none, and for a path that leads anywhere but into the process's own folder.
 */
export function readPiece(body: unknown, disk: Pick<Disk, "temporaryPrefix">): FilePiece {
  const { path, kind, at, base64 } = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  if (typeof path !== "string") throw refusedPiece("a file", "has no path");
  if (path.startsWith("/")) throw refusedPiece(path, "is an absolute path");
  const normal = namesOf(path, disk).join("/");
  if (normal === "" || normal !== path) throw refusedPiece(path, "is not a path as it is written here");
  if (kind === "folder") return { path, kind };
  if (kind !== "file") throw refusedPiece(path, "is neither a file nor a folder");
  if (typeof at !== "number" || !Number.isSafeInteger(at) || at < 0) throw refusedPiece(path, "begins nowhere");
  if (typeof base64 !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) throw refusedPiece(path, "is not base64");
  return { path, kind, at, base64 };
}

const refusedPiece = (path: string, what: string): SysError =>
  new SysError("EINVAL", `${JSON.stringify(path)} ${what}`, { hint: "the snapshot was not made by aios snapshot" });
