import { execFile } from "node:child_process";
import { lstatSync, mkdirSync, readlinkSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const wanted = [
  "bash",
  "coreutils",
  "curl",
  "dash",
  "findutils",
  "grep",
  "mawk",
  "perl-base",
  "procps",
  "python3",
  "sed",
  "util-linux",
];
const unneeded = /^\/usr\/share\/(bug|doc|i18n|info|lintian|locale|man|zoneinfo)\/|^\/var\//;

/**
 * Writes an archive of what a small image of this Debian would hold: no registry is asked, the packages are installed here.
 * About 90 MB.
 */
export async function packMachine(folder: string): Promise<string> {
  const files = await filesOf(await closureOf(wanted));
  const skeleton = join(folder, "skeleton");
  for (const name of ["dev", "etc", "home", "opt", "proc", "run", "sys", "tmp", "usr/bin", "var"])
    mkdirSync(join(skeleton, name), { recursive: true });
  for (const name of ["bin", "lib", "lib64", "sbin"])
    if (lstatSync(`/${name}`, { throwIfNoEntry: false })?.isSymbolicLink())
      symlinkSync(readlinkSync(`/${name}`), join(skeleton, name));
  symlinkSync("mawk", join(skeleton, "usr/bin/awk"));
  writeFileSync(join(skeleton, "etc/passwd"), "root:x:0:0:root:/:/bin/sh\n");
  const list = join(folder, "files");
  writeFileSync(list, files.map((path) => path.slice(1)).join("\0"));
  const archive = join(folder, "image.tar");
  await run("tar", ["-C", "/", "--no-recursion", "--null", "-T", list, "-cf", archive]);
  await run("tar", ["-C", skeleton, "-rf", archive, "."]);
  return archive;
}

/** The same as a folder; its path is returned. */
export async function unpackMachine(folder: string): Promise<string> {
  const archive = `${folder}.parts`;
  mkdirSync(archive, { recursive: true });
  mkdirSync(folder);
  await run("tar", ["-C", folder, "-xf", await packMachine(archive)]);
  rmSync(archive, { recursive: true });
  return folder;
}

/** Packages with all that they depend on and is installed. */
async function closureOf(names: readonly string[]): Promise<readonly string[]> {
  const format = "${Package}\t${Pre-Depends}, ${Depends}\n";
  const { stdout } = await run("dpkg-query", ["-W", "-f", format], { maxBuffer: 1e8 });
  const rows = stdout
    .trim()
    .split("\n")
    .map((line) => line.split("\t"));
  const needs = new Map(rows.map(([name = "", all = ""]) => [name, all.split(",")]));
  const found = new Set<string>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name) || !needs.has(name)) continue;
    found.add(name);
    for (const need of needs.get(name) ?? []) {
      const choices = need.split("|").map((one) => /^\s*([a-z0-9.+-]+)/.exec(one)?.[1]);
      const chosen = choices.find((one) => one !== undefined && needs.has(one));
      if (chosen !== undefined) open.push(chosen);
    }
  }
  return [...found];
}

/** Where they really lie: `/bin/sh` lies in `/usr/bin`. */
async function filesOf(packages: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await run("dpkg", ["-L", ...packages], { maxBuffer: 1e8 });
  const files = new Set<string>();
  for (const path of stdout.split("\n")) {
    if (!path.startsWith("/") || unneeded.test(path)) continue;
    const stands = lstatSync(path, { throwIfNoEntry: false });
    if (stands && !stands.isDirectory()) files.add(join(realpathSync(dirname(path)), basename(path)));
  }
  return [...files].filter((path) => path.startsWith("/usr/"));
}
