import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { SnapshotStore } from "@aiosjs/sdk/compat";
import { SysError } from "@aiosjs/sdk/protocol";

const suffix = ".context";

/**
 * Snapshots of agents' contexts as files of a folder, for `ContextManager` of `@aiosjs/sdk/compat`. It lives here and not in the
 * sdk, which runs in browsers too. A snapshot is written beside the one before, synced, and renamed over it: after a crash there is
 * the old one or the new one, and at worst a hidden `.tmp` file beside it.
 */
export async function openSnapshotFolder(path: string): Promise<SnapshotStore> {
  await mkdir(path, { recursive: true });
  const fileOf = (name: string): string => {
    if (name === "" || name.startsWith(".") || basename(name) !== name || /[\\/\0]/.test(name))
      throw new SysError("EINVAL", `${JSON.stringify(name)} is no name of a file in ${path}`);
    return join(path, `${name}${suffix}`);
  };
  return {
    async read(name) {
      try {
        return await readFile(fileOf(name), "utf8");
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw cause;
      }
    },
    async write(name, text) {
      const target = fileOf(name);
      const draft = join(path, `.${randomUUID()}.tmp`);
      try {
        const file = await open(draft, "wx", 0o600);
        try {
          await file.writeFile(text);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(draft, target);
      } catch (cause) {
        await rm(draft, { force: true });
        throw cause;
      }
      await syncFolder(path);
    },
    async names() {
      const entries = await readdir(path);
      return entries
        .filter((entry) => entry.endsWith(suffix) && !entry.startsWith("."))
        .map((entry) => entry.slice(0, -suffix.length))
        .toSorted();
    },
  };
}

/** The rename is durable with its folder. Windows has no such call; the rename is in its log there. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
