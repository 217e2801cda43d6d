import { constants } from "node:fs";
import {
  chmod,
  copyFile,
  lchown,
  lstat,
  lutimes,
  mkdir,
  readdir,
  readlink,
  rm,
  symlink,
  utimes,
} from "node:fs/promises";
import type { Stats } from "node:fs";
import { join } from "node:path";

/** Nothing in these trees may change meanwhile. What is neither file, folder nor link is left out. */
export async function copyTree(from: string, to: string): Promise<void> {
  const stands = await lstat(from);
  await mkdir(to, { recursive: true });
  await withAccess(from, stands, async () => {
    for (const name of await readdir(from)) await copyEntry(join(from, name), join(to, name));
  });
  await takeOver(to, stands);
}

/** All in it; it stays itself. */
export async function emptyTree(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await removeTree(join(folder, name));
}

/** Whatever its rights say, as far as they are its owner's to change. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (cause) {
    if (!/^(EACCES|EPERM|ENOTEMPTY)$/.test((cause as NodeJS.ErrnoException).code ?? "")) throw cause;
    await openUp(path);
    await rm(path, { recursive: true, force: true });
  }
}

/** Bytes of all files; what may not be read counts nothing. */
export async function sizeOfTree(path: string): Promise<number> {
  const stands = await lstat(path).catch(() => undefined);
  if (!stands?.isDirectory()) return stands?.isFile() ? stands.size : 0;
  const names = await readdir(path).catch(() => []);
  let sum = 0;
  for (const name of names) sum += await sizeOfTree(join(path, name));
  return sum;
}

async function copyEntry(from: string, to: string): Promise<void> {
  const stands = await lstat(from);
  if (stands.isDirectory()) return await copyTree(from, to);
  if (stands.isSymbolicLink()) await symlink(await readlink(from), to);
  else if (stands.isFile())
    await withAccess(from, stands, () => copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL));
  else return;
  await takeOver(to, stands);
}

async function takeOver(to: string, stands: Stats): Promise<void> {
  if (process.getuid?.() === 0) await lchown(to, stands.uid, stands.gid);
  if (stands.isSymbolicLink()) return await lutimes(to, stands.atime, stands.mtime);
  await utimes(to, stands.atime, stands.mtime);
  await chmod(to, stands.mode & 0o777);
}

/** Its owner may read what it has shut to itself; a crash in between leaves it readable to its owner. */
async function withAccess(path: string, stands: Stats, act: () => Promise<void>): Promise<void> {
  const needed = stands.isDirectory() ? 0o500 : 0o400;
  const isShut = process.getuid?.() !== 0 && (stands.mode & needed) !== needed;
  if (isShut) await chmod(path, (stands.mode & 0o777) | needed);
  try {
    await act();
  } finally {
    if (isShut) await chmod(path, stands.mode & 0o777);
  }
}

async function openUp(path: string): Promise<void> {
  const stands = await lstat(path).catch(() => undefined);
  if (!stands?.isDirectory()) return;
  await chmod(path, 0o700);
  for (const name of await readdir(path)) await openUp(join(path, name));
}
