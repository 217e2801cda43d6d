import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { SysError } from "@aiosjs/sdk/protocol";
import type { FilePiece } from "../../kernel/ports.ts";
import { codeOf, toFileFault } from "./fault.ts";
import { openFolder } from "./folder.ts";

/** Puts a folder, or the next piece of a file, where nothing of that name was before. */
export async function addPiece(home: string, piece: FilePiece, maxFileBytes: number): Promise<void> {
  const names = piece.path.split("/");
  try {
    if (piece.kind === "folder") return await (await openFolder(home, names, { create: true }))[Symbol.asyncDispose]();
    const bytes = Buffer.from(piece.base64, "base64");
    if (piece.at + bytes.byteLength > maxFileBytes)
      throw new SysError("E2BIG", `${JSON.stringify(piece.path)}: files of at most ${maxFileBytes} bytes are taken`);
    await using folder = await openFolder(home, names.slice(0, -1), { create: true });
    // A file begins with its first piece, and each one goes on where the one before it ended.
    const how = piece.at === 0 ? constants.O_CREAT | constants.O_EXCL : constants.O_APPEND;
    const flags = constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0) | how;
    await using file = await open(folder.at(names.at(-1) as string), flags, 0o600);
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

const refusedPiece = (path: string, what: string): SysError =>
  new SysError("EINVAL", `${JSON.stringify(path)} ${what}`, { hint: "the snapshot was not made by aios snapshot" });
