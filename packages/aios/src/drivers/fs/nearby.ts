import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import { openFolder } from "./folder.ts";
import { temporaryPrefix } from "./root-folder.ts";

const maxNames = 20;

/** ENOENT with what there is instead: the deepest folder of the path that exists, and what is in it. */
export async function nearby(home: string, components: readonly string[]): Promise<SysError> {
  for (let depth = components.length - 1; depth >= 0; depth--) {
    const parent = components.slice(0, depth);
    const names = await namesIn(home, parent);
    if (!names) continue;
    const missing = JSON.stringify(components.slice(0, depth + 1).join("/"));
    const where = depth === 0 ? "the folder" : JSON.stringify(parent.join("/"));
    const shown = names.slice(0, maxNames).map((name) => JSON.stringify(name));
    const more = names.length > maxNames ? ` and ${names.length - maxNames} more` : "";
    const there = names.length === 0 ? `${where} is empty` : `${where} has ${shown.join(", ")}${more}`;
    return new SysError("ENOENT", `no ${missing}; ${there}`);
  }
  return new SysError("ENOENT", `no ${JSON.stringify(components.join("/"))}; the folder is empty`);
}

async function namesIn(home: string, components: readonly string[]): Promise<string[] | undefined> {
  try {
    await using folder = await openFolder(home, components);
    const entries = await readdir(folder.at("."), { withFileTypes: true });
    return entries
      .filter((entry) => !entry.name.startsWith(temporaryPrefix))
      .map((entry) => (entry.isDirectory() ? join(entry.name, "/") : entry.name))
      .toSorted();
  } catch {
    // The answer is "not there" in any case; only how much can be told about it differs.
    return undefined;
  }
}
