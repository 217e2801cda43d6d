// Loads nothing heavy: every command begins with it.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import envPaths from "env-paths";

/** AIOS_HOME: configuration, key, journal, files and logs of one system. */
export interface Home {
  readonly dir: string;
  /** A path inside it. */
  file(name: string): string;
  /** Where the kernel of this home listens; undefined when none has said so. */
  kernelFile(): { pid: number; url: string | null; version: string | null } | undefined;
}

/** The home that was asked for: `--home`, then AIOS_HOME, then the platform's data directory. It need not exist. */
export function openHome(dir: string | undefined, env: Readonly<Record<string, string | undefined>>): Home {
  const path = resolve(dir || env["AIOS_HOME"] || envPaths("aios", { suffix: "" }).data);
  return {
    dir: path,
    file: (name) => join(path, name),
    kernelFile: () => {
      try {
        return JSON.parse(readFileSync(join(path, "kernel.json"), "utf8")) as ReturnType<Home["kernelFile"]>;
      } catch {
        return undefined; // no kernel, or one that is starting this instant
      }
    },
  };
}
