import { lstat, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { cpSync, mkdirSync, mkdtempSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Ground } from "./attack.ts";
import { runOrdinarily } from "./processes.ts";

/**
 * No sandbox at all: ordinary children, and file handling as it is often written, which looks at a path before it follows it.
 * `view`: the folder that a sandbox shows read-only.
 */
export function openControl({ folder, view }: { readonly folder: string; readonly view: string }): Ground {
  mkdirSync(folder, { recursive: true });
  const workspace = mkdtempSync(join(folder, "control-"));
  let snapshots = 0;
  return {
    name: "control",
    isControl: true,
    workspace,
    home: workspace,
    view,
    run: (program, words, { wallMs } = {}) => runOrdinarily(program, words, { cwd: workspace, wallMs }),
    upload: async (path, bytes) => {
      const folderThere = await realpath(dirname(join(workspace, path)));
      if (!folderThere.startsWith(workspace)) throw new Error("outside");
      await writeFile(join(workspace, path), bytes);
    },
    download: async (path) => {
      if (!(await lstat(join(workspace, path))).isFile()) throw new Error("no file");
      return readFile(join(workspace, path));
    },
    snapshot: async () => {
      const to = `${workspace}-snapshot-${snapshots++}`;
      cpSync(workspace, to, { recursive: true, dereference: true });
      return to;
    },
    // What is there stays, what was there then is written over it.
    revert: async (snapshot) => cpSync(snapshot, workspace, { recursive: true, dereference: true }),
    [Symbol.asyncDispose]: async () => {
      for (let number = 0; number < snapshots; number++)
        await rm(`${workspace}-snapshot-${number}`, { recursive: true, force: true });
      await rm(workspace, { recursive: true, force: true });
    },
  };
}
