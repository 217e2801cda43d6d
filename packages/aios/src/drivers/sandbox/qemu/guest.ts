import { createHash } from "node:crypto";
import { access, constants, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { SysError } from "@aiosjs/sdk/protocol";
import { z } from "zod";
import { endOfArchive, kinds, wholeEntry } from "./archive.ts";
import { guestInit, programsFolder } from "./guest-init.ts";
import { enterProgram, reseedProgram } from "./guest-programs.ts";

/** What a guest's folder holds, by name. `modules`: files in `modules/`, in the order in which they are loaded. */
const guestSchema = z.object({ kernel: z.string(), modules: z.array(z.string().regex(/^[\w.-]+$/)) }).readonly();
export type GuestContents = z.infer<typeof guestSchema>;
export const guestFiles = { contents: "guest.json", kernel: "vmlinuz", busybox: "busybox", image: "root.img" } as const;

/** A guest as it is now on the disk. */
export interface Guest {
  readonly kernelPath: string;
  readonly imagePath: string | undefined;
  readonly initramfs: Uint8Array;
  /** Of all that it consists of. */
  readonly hash: string;
  /** Of its Linux. */
  readonly version: string;
}

/** @throws SysError ENOSYS there is none in the folder, or not all of it. */
export async function readGuest(folder: string): Promise<Guest> {
  const hint = `aios sandbox guest, which makes one there of packages of this machine`;
  try {
    const contents = guestSchema.parse(JSON.parse(await readFile(join(folder, guestFiles.contents), "utf8")));
    const kernelPath = join(folder, guestFiles.kernel);
    const imagePath = join(folder, guestFiles.image);
    const hasImage = await access(imagePath, constants.R_OK).then(
      () => true,
      () => false,
    );
    const initramfs = await packInitramfs(folder, contents);
    const hash = createHash("sha256")
      .update(initramfs)
      .update(await readFile(kernelPath));
    if (hasImage) {
      const { size, mtimeMs, ino } = await stat(imagePath);
      hash.update(`${size} ${mtimeMs} ${ino}`);
    }
    return {
      kernelPath,
      imagePath: hasImage ? imagePath : undefined,
      initramfs,
      hash: hash.digest("hex"),
      version: contents.kernel,
    };
  } catch (cause) {
    throw new SysError("ENOSYS", `there is no guest for virtual machines in ${folder}`, { hint, cause });
  }
}

/** What is in memory when the guest begins: a busybox, the modules it needs, programs of ours and its first process. */
async function packInitramfs(folder: string, { modules }: GuestContents): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  const put = (path: string, mode: number, content: Uint8Array = new Uint8Array()): void =>
    void parts.push(wholeEntry({ path, mode, uid: 0, gid: 0, modifiedSeconds: 0 }, content, parts.length + 1));
  for (const name of ["bin", "dev", "proc", "sys", "run", "modules", programsFolder.slice(1)])
    put(name, kinds.folder | 0o755);
  put("bin/busybox", kinds.file | 0o755, await readFile(join(folder, guestFiles.busybox)));
  for (const name of modules) put(`modules/${name}`, kinds.file | 0o644, await readFile(join(folder, "modules", name)));
  put(`${programsFolder.slice(1)}/enter`, kinds.file | 0o755, enterProgram());
  put(`${programsFolder.slice(1)}/reseed`, kinds.file | 0o755, reseedProgram());
  put("init", kinds.file | 0o755, Buffer.from(guestInit({ modules })));
  return gzipSync(Buffer.concat([...parts, endOfArchive()]), { level: 1 });
}
