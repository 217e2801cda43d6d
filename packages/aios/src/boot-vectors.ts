// Where vectors are searched, as the configuration has it. A composition beside boot-notes.ts.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { SysError } from "@aiosjs/sdk/protocol";
import type { Config } from "./config/schema.ts";
import { resolveSecret } from "./config/secrets.ts";
import { findPackage } from "./drivers/find-package.ts";
import type { Elsewhere } from "./drivers/search/elsewhere.ts";

const packages = {
  chroma: "chromadb",
  qdrant: "@qdrant/js-client-rest",
  "sqlite-vec": "sqlite-vec",
  usearch: "usearch",
};
const servers: Readonly<Record<string, string>> = {
  chroma: "http://127.0.0.1:8000",
  qdrant: "http://127.0.0.1:6333",
};

interface Surroundings {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The home's own: collections are told apart by it, where homes share a server. */
  readonly key: string;
  /** Nothing of the journal outlives the kernel: no file of vectors does. */
  readonly isKept: boolean;
  readonly what: "notes" | "files";
}

/**
 * Undefined: in the index's own thread.
 * @throws SysError EINVAL for a package that is not installed, a module that is not there, or a secret that is not set
 */
export async function elsewhereOf(
  { memory: { index } }: Config,
  { home, env, key, isKept, what }: Surroundings,
): Promise<Elsewhere | undefined> {
  const { kind, url = servers[kind] ?? "", token, options } = index;
  if (kind === "exact") return undefined;
  const name = index.module ?? (kind === "plugin" ? "" : packages[kind]);
  return {
    kind,
    url,
    options,
    module: moduleOf(name, { home, kind }),
    token: token === undefined ? undefined : await resolveSecret(token, { env, what: "memory.index.token" }),
    prefix: `aios-${createHash("sha256")
      .update(`vectors${what === "notes" ? "" : what}\0${key}`)
      .digest("hex")
      .slice(0, 12)}`,
    folder: isKept ? resolve(home, "index", what === "notes" ? "vectors" : "file-vectors") : undefined,
  };
}

function moduleOf(name: string, { home, kind }: { home: string; kind: string }): string {
  const isFile = /^\.{0,2}\//.test(name);
  const path = isFile ? resolve(home, name) : findPackage(name, [home, process.cwd(), import.meta.dirname]);
  if (path !== undefined && existsSync(path)) return pathToFileURL(path).href;
  const what = isFile ? `there is no file ${path}` : `the package ${name} is not installed`;
  throw new SysError("EINVAL", `memory.index is of kind ${kind}, and ${what}`, {
    hint: isFile ? "a path is relative to the home" : `npm install --prefix ${home} ${name}`,
  });
}
