import { execFile } from "node:child_process";
import { promisify } from "node:util";

/**
 * What is done to a home folder as a whole, by the system's own programs: they follow no link, and reach as deep as a
 * program can build. Who is not root does it as root of a user namespace of their own, so that what a command made
 * unreadable is no obstacle: it is their own.
 */
async function run(file: string, args: readonly string[]): Promise<string> {
  const own = process.getuid?.() === 0 ? [] : ["unshare", "--map-root-user"];
  const [first, ...rest] = [...own, file, ...args];
  const { stdout } = await promisify(execFile)(first!, rest, {
    cwd: "/",
    env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C" },
    maxBuffer: 1024 * 1024,
  });
  return stdout;
}

export const copyTree = async (from: string, to: string): Promise<void> =>
  void (await run("cp", ["-a", "--reflink=auto", "--", `${from}/.`, to]));

export const emptyTree = async (folder: string): Promise<void> =>
  void (await run("find", [folder, "-mindepth", "1", "-delete"]));

export const removeTree = async (folder: string): Promise<void> =>
  void (await run("rm", ["-rf", "--one-file-system", "--", folder]));

export const treeBytes = async (folder: string): Promise<number> =>
  Number((await run("du", ["-s", "-x", "--block-size=1", "--", folder])).split("\t")[0]);
