import { createRequire } from "node:module";
import { join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import { nodeEngine } from "./engine.ts";
import type { EngineChoice, EngineName } from "./engine.ts";

/**
 * Finds an engine's package in one of the folders, else beside this one.
 * @throws SysError EINVAL with the command that installs it.
 */
export function findEngine(name: EngineName, folders: readonly string[] = []): EngineChoice {
  if (name === "node") return nodeEngine;
  for (const from of [...folders.map((folder) => join(folder, "x.js")), import.meta.url]) {
    try {
      return { name, module: createRequire(from).resolve(name) };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw cause;
    }
  }
  throw new SysError("EINVAL", `the SQLite driver ${name} is chosen and its package is not installed`, {
    hint: `npm install ${name}, or leave AIOS_SQLITE_DRIVER and sqlite.driver at node, which needs no package`,
  });
}
