import { SysError } from "@aiosjs/sdk/protocol";
import type { ResultOf } from "@aiosjs/sdk/protocol";
import { fileReach, placeOf, shown } from "../file-path.ts";
import { fileAt, refuseConfidential } from "../file-shares.ts";
import type { FileShares } from "../file-shares.ts";
import { isThere, refuseLarge } from "../file-writing.ts";
import type { Files } from "../files.ts";
import type { FileRow, ShareRow } from "../ports.ts";
import type { KernelCall, KernelDevice } from "./device.ts";

/** Links of one tenant that are open at once. */
const MAX_OPEN = 10_000;

/** Links to files. A process opens to others what it may change, and nothing that it only reads. */
export const fsShareDevice: KernelDevice<`fs.${"share" | "unshare" | "shares"}`> = {
  "fs.share": async ({ path, forMs, version }, call) => {
    const { parts, record } = call;
    const { files, shares } = withShares(call);
    const place = placeOf(path, mayChange(call), call);
    await files.hold([place], record);
    // Groups may have changed while it waited.
    placeOf(path, mayChange(call), call);
    const head = place.path === "" ? undefined : await fileAt(place, files, { isHeld: true });
    if (place.path === "" || head?.kind === "folder")
      throw new SysError("EINVAL", `${shown(place)} is a folder; a link shows one file`, {
        hint: "share what is in it, file by file",
      });
    if (!isThere(head)) throw await files.disk.absent(place);
    refuseConfidential(head);
    const pinned = version === undefined ? undefined : await versionOf(head, version, files);
    refuseLarge(pinned ?? head);
    const { tenant, root, path: at } = place;
    if (shares.list(tenant).length >= MAX_OPEN)
      throw new SysError("EDQUOT", `${tenant} has ${MAX_OPEN} links that are open, which is the most`, {
        hint: "fs.shares lists them; fs.unshare ends those that nobody needs",
      });
    const createdAtMs = parts.clock.nowMs();
    const row: ShareRow = {
      id: `s${parts.random.text(15)}`,
      tenant,
      root,
      path: at,
      version: pinned?.version ?? null,
      content: pinned ? { hash: pinned.hash as string, sizeBytes: pinned.sizeBytes } : null,
      pid: record.process.pid,
      createdAtMs,
      expiresAtMs: createdAtMs + forMs,
      endedAtMs: null,
    };
    keep(row, shares, call);
    const { id, link, path: told, expiresAt } = shareOf(row, shares);
    return { id, link, path: told, version: row.version, expiresAt };
  },

  "fs.unshare": ({ path, id }, call) => {
    const { parts } = call;
    const { shares } = withShares(call);
    if ((path === undefined) === (id === undefined))
      throw new SysError("EINVAL", "fs.unshare ends the links to a path, or one link", {
        hint: "give one of path and id; fs.shares tells them",
      });
    const { tenant, writable } = fileReach(call);
    const place = path === undefined ? undefined : placeOf(path, mayChange(call), call);
    const rows = shares
      .list(tenant, place)
      .filter((row) => (place ? row.path === place.path : row.id === id) && (writable?.includes(row.root) ?? true));
    for (const row of rows) keep({ ...row, endedAtMs: parts.clock.nowMs() }, shares, call);
    return { ended: rows.length };
  },

  "fs.shares": ({ path }, call) => {
    const { shares } = withShares(call);
    const { tenant, namespaces } = fileReach(call);
    const rows = shares.list(tenant, path === undefined ? undefined : placeOf(path, "read", call));
    return {
      shares: rows.filter(({ root }) => namespaces?.includes(root) ?? true).map((row) => shareOf(row, shares)),
    };
  },
};

/** What is mounted to be read a person may give to others, and a process may not. */
const mayChange = ({ principal }: KernelCall): "read" | "write" => (principal.pid === null ? "read" : "write");

/** @throws SysError ENODEV */
function withShares({ parts }: KernelCall): { files: Files; shares: FileShares } {
  const { files, shares } = parts;
  if (files && shares) return { files, shares };
  throw new SysError(
    "ENODEV",
    files ? "this kernel makes no links: it has no secret to sign them with" : "this kernel keeps no files",
  );
}

/** It holds from when it is on record. */
function keep(row: ShareRow, shares: FileShares, { record }: KernelCall): void {
  record.effects.push({ kind: "share", row });
  record.settles.push((isKept) => isKept && shares.take(row));
}

/** @throws SysError ENOENT, EPOLICY */
async function versionOf(head: FileRow, version: number, files: Files): Promise<FileRow> {
  const row = await files.version(head, version);
  if (row?.kind !== "file")
    throw new SysError("ENOENT", `${shown(head)} has no file of version ${version}`, {
      hint: "fs.history tells what versions there are",
    });
  refuseConfidential(row);
  return row;
}

const shareOf = (row: ShareRow, shares: FileShares): ResultOf<"fs.shares">["shares"][number] => ({
  id: row.id,
  link: shares.linkOf(row),
  path: shown(row),
  version: row.version,
  pid: row.pid,
  createdAt: row.createdAtMs,
  expiresAt: row.expiresAtMs,
});
