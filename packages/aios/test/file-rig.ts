// Kernels on a real disk in a temporary folder, for tests of files.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import { asPid } from "@aiosjs/sdk/protocol";
import { createDisk } from "../src/drivers/fs/disk.ts";
import type { DiskOptions } from "../src/drivers/fs/disk.ts";
import { createMemoryJournal } from "../src/drivers/journal/memory.ts";
import type { Disk, Journal } from "../src/kernel/ports.ts";
import { openRig } from "./rig.ts";
import type { Rig, RigOptions } from "./rig.ts";
import { createScriptedCore } from "./scripted-core.ts";

export interface FileRig extends Rig {
  /** On the disk: a process's folder is named by its pid, that of /shared `%40tenant`. */
  readonly at: (...names: string[]) => string;
  readonly process: (agent?: string) => Promise<Actor>;
}

interface Actor {
  readonly pid: string;
  readonly fs: Client["fs"];
  readonly client: Client;
}

const folders: string[] = [];

export async function newFileFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "aios-files-"));
  folders.push(folder);
  return folder;
}

export async function removeFileFolders(): Promise<void> {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
}

/** `wrap`: the disk as the kernel sees it. */
export async function openFileRig({
  folder,
  journal = createMemoryJournal(),
  wrap = (disk) => disk,
  disk = {},
  ...options
}: Partial<Omit<RigOptions, "disk" | "journal">> & {
  readonly folder?: string;
  readonly journal?: Journal;
  readonly wrap?: (disk: Disk) => Disk;
  readonly disk?: Omit<DiskOptions, "root">;
} = {}): Promise<FileRig> {
  const root = folder ?? (await newFileFolder());
  const rig = await openRig({
    cores: (clock) => [createScriptedCore({ clock })],
    programs: { find: () => Promise.reject(new Error("no programs here")), run: () => new Promise(() => undefined) },
    journal,
    disk: wrap(createDisk({ root, ...disk })),
    ...options,
  });
  return {
    ...rig,
    at: (...names) => join(root, "local", ...names),
    process: async (agent) => {
      const program =
        agent === undefined
          ? { kind: "command" as const, command: ["x"], cwd: "/" }
          : { kind: "agent" as const, agent: { name: agent, instructions: "x" }, task: "t" };
      const { pid } = await rig.admin.proc.spawn({ program });
      const client = createClient(rig.kernel.transport({ ...rig.root, pid: asPid(pid) }));
      return { pid, client, fs: client.fs };
    },
  };
}

/** Every path below a folder: a file's content, `null` for a folder. */
export async function diskTree(folder: string): Promise<Record<string, string | null>> {
  const tree: Record<string, string | null> = {};
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    tree[path.slice(folder.length + 1)] = entry.isDirectory() ? null : await readFile(path, "utf8");
  }
  return tree;
}
