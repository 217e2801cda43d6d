import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/**
 * The file that `import` of a name means, seen from the first of the folders that has the package; undefined: none has.
 * `require.resolve` would miss packages that only import.
 */
export const findPackage = (name: string, folders: readonly string[]): string | undefined =>
  folders.map((folder) => findEntry(name, folder)).find((entry) => entry !== undefined);

type Entry = string | readonly Entry[] | { readonly [condition: string]: Entry | null } | null;
const conditions = new Set(["import", "node", "default"]);

function findEntry(name: string, folder: string): string | undefined {
  const [packageName, subpath] = splitName(name);
  for (const modules of createRequire(join(folder, "x.js")).resolve.paths(packageName) ?? []) {
    const root = join(modules, packageName);
    const manifest = join(root, "package.json");
    if (!existsSync(manifest)) continue;
    const { exports, main } = JSON.parse(readFileSync(manifest, "utf8")) as { exports?: Entry; main?: string };
    const entry = pick(atSubpath(exports ?? null, subpath)) ?? (subpath === "." ? (main ?? "index.js") : subpath);
    return join(root, entry);
  }
  return undefined;
}

/** `@scope/name/sub` is package `@scope/name`, subpath `./sub`. */
function splitName(name: string): [string, string] {
  const words = name.split("/");
  const count = name.startsWith("@") ? 2 : 1;
  const rest = words.slice(count).join("/");
  return [words.slice(0, count).join("/"), rest === "" ? "." : `./${rest}`];
}

function atSubpath(exports: Entry, subpath: string): Entry {
  if (typeof exports !== "object" || exports === null || Array.isArray(exports))
    return subpath === "." ? exports : null;
  const table = exports as { readonly [key: string]: Entry | null };
  if (Object.keys(table).some((key) => key.startsWith("."))) return table[subpath] ?? null;
  return subpath === "." ? exports : null;
}

function pick(entry: Entry): string | undefined {
  if (typeof entry === "string") return entry;
  if (entry === null) return undefined;
  for (const [condition, inner] of Object.entries(entry)) {
    if (!Array.isArray(entry) && !conditions.has(condition)) continue;
    const found = pick(inner as Entry);
    if (found !== undefined) return found;
  }
  return undefined;
}
