import { accessSync, closeSync, constants, openSync, readSync, realpathSync, statSync } from "node:fs";
import { basename, delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { homedir } from "node:os";
import { SysError } from "@aiosjs/sdk/protocol";
import { isWide, viewsOfModule, withoutInner } from "./module-views.ts";

/** What a command finds in a sandbox that shows its folder and the system's own programs. */
export interface ProgramViews {
  /** Paths of the machine that it needs to see, read-only. */
  readonly views: readonly string[];
  /** The PATH: what of the user's it can see. */
  readonly path: string;
}

/** What every sandbox shows. */
const system = ["/usr", "/bin", "/sbin", "/lib", "/lib64"];
const systemPath = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

/**
 * Where a program is installed, that is found by the user's PATH: the folder above its `bin`, where that is the
 * program's own (as of a version manager), else the package or the file that it is. `more`: what the user names.
 * @throws SysError ENOENT there is no such program, or nothing at a path of `more`
 */
export function viewsOfProgram(
  program: string,
  { cwd, path, more }: { readonly cwd: string; readonly path: string; readonly more: readonly string[] },
): ProgramViews {
  const folders = path.split(delimiter).filter((folder) => isAbsolute(folder));
  const file = findProgram(program, { cwd, folders });
  const programs = [file, ...interpretersOf(file, folders)];
  const named = more.map((one) => existing(resolve(cwd, one)));
  const views = withoutInner([...programs.flatMap(installationOf), ...named]).filter(
    (view) => !isSeen(view, [...system, cwd]),
  );
  const seen = [...system, cwd, ...views];
  const holders = new Set(programs.map((one) => dirname(one)));
  const own = folders.filter((folder) => isSeen(folder, seen) || holders.has(folder));
  return { views, path: [...new Set([...own, ...systemPath.split(":")])].join(":") };
}

function findProgram(
  program: string,
  { cwd, folders }: { readonly cwd: string; readonly folders: readonly string[] },
): string {
  const places = program.includes("/") ? [resolve(cwd, program)] : folders.map((folder) => join(folder, program));
  const found = places.find(isProgram);
  if (found !== undefined) return found;
  throw new SysError("ENOENT", `there is no program ${JSON.stringify(program)}`);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Of a script: `#!/usr/bin/env node` names a program of the PATH, else it is a path. */
function interpretersOf(file: string, folders: readonly string[]): readonly string[] {
  const [, first = "", second] = /^#!\s*(\S+)(?:[ \t]+(?:-S[ \t]+)?(\S+))?/.exec(headOf(file)) ?? [];
  if (first === "") return [];
  const name = basename(first) === "env" ? second : first;
  if (name === undefined) return [];
  const place = isAbsolute(name) ? name : folders.map((folder) => join(folder, name)).find(isProgram);
  return place !== undefined && isProgram(place) ? [place] : [];
}

function headOf(file: string): string {
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch {
    // Runs and cannot be read: no script.
    return "";
  }
  try {
    const bytes = Buffer.alloc(256);
    return bytes.toString("latin1", 0, readSync(handle, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(handle);
  }
}

/** Under its name, and where links lead to. */
function installationOf(file: string): readonly string[] {
  const real = realpathSync(file);
  const places = [...new Set([file, real])].map(
    (path) => prefixOf(path) ?? (path === real ? viewsOfPackage(real) : [path]),
  );
  return places.flat();
}

/** What was installed in a folder of its own: `PREFIX/bin/NAME`, or what a version manager puts in front (`PREFIX/shims/NAME`). */
function prefixOf(path: string): readonly string[] | undefined {
  const [folder, prefix] = [basename(dirname(path)), dirname(dirname(path))];
  if (folder !== "bin" && folder !== "shims") return undefined;
  // Where what is private lies beside what was installed: /data, ~, ~/.local, ~/.cargo.
  const isShared =
    isWide(prefix) ||
    dirname(prefix) === "/" ||
    (folder === "bin" && dirname(prefix) === homedir() && basename(prefix).startsWith("."));
  return isShared ? undefined : [prefix];
}

/** A script of a package needs that; any other file is all that there is. */
const viewsOfPackage = (file: string): readonly string[] =>
  /\/node_modules\//.test(file) ? viewsOfModule(file) : [file];

const isSeen = (path: string, trees: readonly string[]): boolean =>
  trees.some((tree) => path === tree || path.startsWith(`${tree}/`));

function existing(path: string): string {
  try {
    statSync(path);
    return path;
  } catch (cause) {
    throw new SysError("ENOENT", `there is nothing at ${path} to show`, { cause });
  }
}
