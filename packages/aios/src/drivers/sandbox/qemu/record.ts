import { mkdir, readFile, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asTenantId, SysError } from "@aiosjs/sdk/protocol";
import { z } from "zod";

const limits = z
  .object({
    memoryBytes: z.number(),
    processes: z.number(),
    openFiles: z.number(),
    fileBytes: z.number(),
    outputBytes: z.number(),
    wallMs: z.number(),
  })
  .readonly();

const record = z
  .object({
    id: z.string().regex(/^[a-z0-9]{1,32}$/),
    tenant: z.string().transform(asTenantId),
    /** Undefined: its own, beside the record. */
    workspace: z.string().optional(),
    guarded: z.array(z.string()).readonly(),
    views: z.array(z.object({ from: z.string(), at: z.string() })).readonly(),
    limits,
    owner: z.object({ uid: z.number(), gid: z.number() }),
  })
  .readonly();

/** What the next kernel has to know of a sandbox; it lies in the sandbox's folder. */
export type SandboxRecord = z.infer<typeof record>;
export type Limits = z.infer<typeof limits>;

const nameOf = (folder: string): string => join(folder, "sandbox.json");

/** Undefined: there is none, or it was never finished. */
export async function readRecord(folder: string): Promise<SandboxRecord | undefined> {
  const text = await readFile(nameOf(folder), "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return undefined;
    throw cause;
  });
  if (text === undefined) return undefined;
  const read = record.safeParse(JSON.parse(text));
  if (read.success) return read.data;
  throw new SysError("EIO", `${nameOf(folder)} is no record of a sandbox`, { hint: `remove ${folder}` });
}

export async function writeRecord(folder: string, said: SandboxRecord): Promise<void> {
  const temporary = `${nameOf(folder)}.new`;
  await writeFile(temporary, JSON.stringify(said), { mode: 0o600 });
  await rename(temporary, nameOf(folder));
}

export async function readRecords(root: string): Promise<readonly SandboxRecord[]> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const found = await Promise.all((await readdir(root)).map((name) => readRecord(join(root, name))));
  return found.filter((one) => one !== undefined);
}
