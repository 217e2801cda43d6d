import { execFile } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { SysError } from "@aiosjs/sdk/protocol";
import { guestFiles } from "./guest.ts";
import type { GuestContents } from "./guest.ts";

const run = promisify(execFile);
/** What a guest cannot do without, where its kernel does not have it built in. */
const needed = ["virtio_pci", "virtio_console", "virtio_blk", "overlay", "ext4", "squashfs"];
const kernelPackages = ["linux-image-cloud-amd64", "linux-image-virtual", "linux-image-amd64"];
const imageMebibytes = 64;

export interface GuestOptions {
  /** Where it is made; what was there of an earlier one is replaced. */
  readonly folder: string;
  /** A kernel, and the folder of its modules (`/lib/modules/VERSION`). Default: those of this system's package for virtual machines. */
  readonly kernel?: string | undefined;
  readonly modules?: string | undefined;
  /** A folder that becomes the root for commands. Default: none, there is a busybox alone. */
  readonly root?: string | undefined;
}

/**
 * Makes a guest of packages of this Debian or Ubuntu, which are downloaded and not installed.
 * @throws SysError ENOSYS, ENOENT what it takes is not there.
 */
export async function makeGuest(options: GuestOptions): Promise<{ readonly kernel: string }> {
  const { folder, root } = options;
  await mkdir(folder, { recursive: true });
  const made = await mkdtemp(join(folder, ".new-"));
  try {
    const { kernel, modules } = await kernelFor(options, made);
    await copyFile(await busyboxFor(made), join(made, guestFiles.busybox));
    await copyFile(kernel, join(made, guestFiles.kernel));
    // QEMU runs as a user of its own.
    await chmod(join(made, guestFiles.kernel), 0o644);
    const names = await takeModules(modules, join(made, "modules"));
    const contents: GuestContents = { kernel: basename(modules), modules: names };
    await writeFile(join(made, guestFiles.contents), JSON.stringify(contents));
    if (root !== undefined) await makeImage(root, join(made, guestFiles.image));
    for (const name of [...Object.values(guestFiles), "modules"]) {
      await rm(join(folder, name), { recursive: true, force: true });
      await rename(join(made, name), join(folder, name)).catch(unlessAbsent);
    }
    return { kernel: contents.kernel };
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

async function kernelFor(
  { kernel, modules }: GuestOptions,
  below: string,
): Promise<{ readonly kernel: string; readonly modules: string }> {
  if (kernel !== undefined && modules !== undefined) return { kernel, modules };
  const unpacked = join(below, "kernel");
  await unpackPackage(await kernelPackage(), unpacked);
  const image = (await readdir(join(unpacked, "boot"))).find((name) => name.startsWith("vmlinuz-"));
  if (image === undefined) throw new SysError("ENOENT", "the kernel's package has no kernel");
  const version = image.slice("vmlinuz-".length);
  const places = ["lib/modules", "usr/lib/modules"].map((place) => join(unpacked, place, version));
  for (const place of places)
    if ((await readdir(place).catch(unlessAbsent)) !== undefined)
      return { kernel: join(unpacked, "boot", image), modules: place };
  throw new SysError("ENOENT", `the kernel's package has no modules of ${version}`);
}

/** What the system's name for the newest kernel stands for. */
async function kernelPackage(): Promise<string> {
  for (const name of kernelPackages) {
    const { stdout } = await aptCache(["depends", name]).catch(() => ({ stdout: "" }));
    const found = /Depends: (linux-image-\d\S+)/.exec(stdout)?.[1];
    if (found !== undefined) return found;
  }
  throw new SysError("ENOSYS", "no package of a kernel is known here", {
    hint: "apt-get update, or name a kernel and its modules: --kernel FILE --modules FOLDER",
  });
}

const aptCache = (args: readonly string[]): Promise<{ stdout: string }> => run("apt-cache", [...args]);

async function unpackPackage(name: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await run("apt-get", ["download", "-qq", name], { cwd: to }).catch((cause: unknown) => {
    throw new SysError("ENOSYS", `the package ${name} cannot be downloaded`, { hint: "apt-get update", cause });
  });
  const file = (await readdir(to)).find((one) => one.endsWith(".deb"));
  if (file === undefined) throw new SysError("ENOENT", `the package ${name} was not downloaded`);
  await run("dpkg-deb", ["-x", join(to, file), to]);
}

async function busyboxFor(below: string): Promise<string> {
  for (const path of ["/usr/bin/busybox", "/bin/busybox"]) if (await isStatic(path)) return path;
  const unpacked = join(below, "busybox-package");
  await unpackPackage("busybox-static", unpacked);
  for (const path of ["usr/bin/busybox", "bin/busybox"].map((one) => join(unpacked, one)))
    if (await isStatic(path)) return path;
  throw new SysError("ENOENT", "the package busybox-static has no busybox");
}

/** It names no loader: elf(5), a program header of type 3. */
async function isStatic(path: string): Promise<boolean> {
  const bytes = await readFile(path).catch(unlessAbsent);
  if (!bytes || bytes.readUInt32BE(0) !== 0x7f454c46) return false;
  const [at, size, count] = [Number(bytes.readBigUInt64LE(32)), bytes.readUInt16LE(54), bytes.readUInt16LE(56)];
  return !Array.from({ length: count }, (_, index) => bytes.readUInt32LE(at + index * size)).includes(3);
}

/** Writes them out uncompressed; in the order in which they are loaded. */
async function takeModules(from: string, to: string): Promise<string[]> {
  await mkdir(to);
  const files = new Map<string, string>();
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    const [, name] = /^(.+)\.ko(\.\w+)?$/.exec(entry.name) ?? [];
    if (name !== undefined && entry.isFile()) files.set(name.replaceAll("-", "_"), join(entry.parentPath, entry.name));
  }
  const taken: string[] = [];
  const take = async (name: string): Promise<void> => {
    const path = files.get(name);
    // Built in.
    if (path === undefined || taken.includes(`${name}.ko`)) return;
    const bytes = await readModule(path);
    for (const need of dependsOf(bytes)) await take(need);
    await writeFile(join(to, `${name}.ko`), bytes);
    taken.push(`${name}.ko`);
  };
  for (const name of needed) await take(name);
  return taken;
}

async function readModule(path: string): Promise<Buffer> {
  const bytes = await readFile(path);
  if (path.endsWith(".zst")) return zstdDecompressSync(bytes);
  if (path.endsWith(".gz")) return gunzipSync(bytes);
  if (path.endsWith(".xz")) return (await run("xz", ["-dc", path], { encoding: "buffer", maxBuffer: 1e8 })).stdout;
  return bytes;
}

/** As modinfo(8) reads it. */
function dependsOf(module: Buffer): readonly string[] {
  const at = module.indexOf("\0depends=");
  if (at < 0) return [];
  const start = at + "\0depends=".length;
  const text = module.toString("latin1", start, module.indexOf(0, start));
  return text
    .split(",")
    .filter((name) => name !== "")
    .map((name) => name.replaceAll("-", "_"));
}

/** Nobody writes to it: it is as large as what is in it. */
async function makeImage(root: string, to: string): Promise<void> {
  const { stdout } = await run("du", ["-s", "-m", "--apparent-size", root]);
  const size = Math.ceil(Number.parseInt(stdout, 10) * 1.3) + imageMebibytes;
  const env = { PATH: "/usr/sbin:/sbin:/usr/bin:/bin" };
  await run("mke2fs", ["-q", "-t", "ext4", "-O", "^has_journal", "-E", "root_owner=0:0", "-d", root, to, `${size}M`], {
    env,
    maxBuffer: 1e7,
  });
}

const unlessAbsent = (cause: NodeJS.ErrnoException): undefined => {
  if (cause.code !== "ENOENT") throw cause;
};
