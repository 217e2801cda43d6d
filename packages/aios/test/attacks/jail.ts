// The jail below the syscalls, taken alone: a folder is opened, vouched for, and all else goes through it.
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { lstat, open, readdir, readlink, rename, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { verbs, WRITTEN } from "./files.ts";
import type { Ask, Like } from "./files.ts";

const flags = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** `platform`: what the jail is to believe that it runs on; anything but Linux has no names for handles. */
export async function openJail(root: string, platform: string): Promise<(ask: Ask) => Promise<unknown>> {
  Object.defineProperty(process, "platform", { value: platform });
  const { openFolder } = await import("../../src/drivers/fs/folder.ts");
  const acts: Record<Like, (parent: readonly string[], name: string) => Promise<unknown>> = {
    read: async (parent, name) => {
      await using folder = await openFolder(root, parent);
      await using file = await open(folder.at(name), flags | constants.O_RDONLY);
      await folder.recheck();
      const stats = await file.stat();
      if (!stats.isFile() || stats.nlink > 1) throw new Error("no plain file");
      // A second name may have gone since it was opened: then it was the name that led here.
      const itself = platform === "linux" ? await readlink(`/proc/self/fd/${file.fd}`) : undefined;
      if (itself !== undefined && itself !== join(root, ...parent, name)) throw new Error("a hard link");
      if (stats.size > 16 * 1024 * 1024) throw new Error("too large");
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(4_096) });
      return { content: buffer.toString("utf8", 0, bytesRead) };
    },
    write: async (parent, name) => {
      await using folder = await openFolder(root, parent, { create: true });
      const temporary = folder.at(`.aios-tmp-${randomUUID()}`);
      try {
        await using file = await open(temporary, flags | constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
        await file.writeFile(WRITTEN);
        await folder.recheck();
        await rename(temporary, folder.at(name));
      } catch (cause) {
        await unlink(temporary).catch(() => undefined);
        throw cause;
      }
      return {};
    },
    list: async (parent, name) => {
      await using folder = await openFolder(root, [...parent, name]);
      const names = await readdir(folder.at("."));
      await folder.recheck();
      return names;
    },
    remove: async (parent, name) => {
      await using folder = await openFolder(root, parent);
      const stats = await lstat(folder.at(name));
      await folder.recheck();
      await (stats.isDirectory() ? rmdir(folder.at(name)) : unlink(folder.at(name)));
      return {};
    },
  };
  return ({ verb, path }) => {
    const names = path.split("/");
    return acts[verbs[verb].like](names.slice(0, -1), names.at(-1) as string);
  };
}
