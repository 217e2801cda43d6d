import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { platform } from "node:os";
import { promisify } from "node:util";
import { SysError } from "@aiosjs/sdk/protocol";

const start = promisify(execFile);
const isLinux = platform() === "linux";
const surroundings = {
  cwd: "/",
  env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C" },
  maxBuffer: 1024 * 1024,
};

/** Nothing in these trees may change meanwhile. `to` is made where it is absent. */
export async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  // Blocks are shared where the file system can do that.
  await run(from, ["cp", ...(isLinux ? ["-a", "--reflink=auto"] : ["-a", "-c"]), "--", `${from}/.`, to]);
}

/** All in it; it stays itself. */
export const emptyTree = async (folder: string): Promise<void> =>
  void (await run(folder, ["find", folder, "-mindepth", "1", "-xdev", "-delete"]));

/** One that is absent is removed already. @throws SysError EBUSY something is mounted in it. */
export async function removeTree(folder: string): Promise<void> {
  if (existsSync(folder)) await run(folder, ["find", folder, "-xdev", "-delete"]);
}

/** Bytes that its files take on the disk. */
export const sizeOfTree = async (folder: string): Promise<number> =>
  1024 * Number((await run(folder, ["du", "-s", "-k", "-x", folder])).split("\t")[0]);

/**
 * What is done to a home folder as a whole is done by the system's own programs: they follow no link, and reach as deep
 * as a program can build. Who is not root does it as root of a user namespace of their own, so that what a command made
 * unreadable is no obstacle: it is their own. Where there is none, its rights are opened up first.
 */
async function run(folder: string, command: readonly string[]): Promise<string> {
  const needsRoot = process.getuid?.() !== 0;
  if (needsRoot && isLinux && (await canBeRoot())) return said(await tried(["unshare", "--map-root-user", ...command]));
  const first = await tried(command);
  if (first.is === "done" || !needsRoot) return said(first);
  await tried(["chmod", "-R", "u+rwX", "--", folder]);
  return said(await tried(command));
}

let asRoot: Promise<boolean> | undefined;
const canBeRoot = (): Promise<boolean> =>
  (asRoot ??= tried(["unshare", "--map-root-user", "true"]).then(({ is }) => is === "done"));

type Tried =
  | { readonly is: "done"; readonly out: string }
  | { readonly is: "failed"; readonly why: string; readonly cause: unknown };

async function tried([file = "", ...args]: readonly string[]): Promise<Tried> {
  try {
    return { is: "done", out: (await start(file, args, surroundings)).stdout };
  } catch (cause) {
    const { stderr, message } = cause as { stderr?: string; message: string };
    return { is: "failed", why: (stderr ?? "").trim().split("\n")[0] || message, cause };
  }
}

function said(one: Tried): string {
  if (one.is === "done") return one.out;
  const { why, cause } = one;
  if (/ busy$/i.test(why)) throw new SysError("EBUSY", why, { hint: "unmount what is mounted there", cause });
  throw new SysError("EIO", why, { cause });
}
