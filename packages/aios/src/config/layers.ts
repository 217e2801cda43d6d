import { existsSync, readFileSync } from "node:fs";
import { SysError } from "@aiosjs/sdk/protocol";
import { LineCounter, parseDocument } from "yaml";
import type { Document } from "yaml";
import type { Home } from "./open-home.ts";
import { configKeys } from "./keys.ts";
import { predecessorNames, predecessorOf } from "./predecessor.ts";
import { configSchema } from "./schema.ts";
import type { Config } from "./schema.ts";
import { refuse } from "./refusal.ts";
import { yamlFault } from "./yaml-fault.ts";

export type Layer = "flag" | "env" | "home" | "default";

/** Which layer a key's value comes from, and where exactly: a variable, a file with its line. */
export interface Source {
  readonly layer: Layer;
  readonly where: string;
}

export interface LoadedConfig {
  readonly config: Config;
  /** By key (`server.port`); keys that are not in it have their defaults. */
  readonly sources: ReadonlyMap<string, Source>;
  readonly warnings: readonly string[];
}

export interface LoadOptions {
  readonly home: Home;
  /** What the command line says: `{server: {port: 0}}`. */
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

type Tree = Record<string, unknown>;

/**
 * The configuration as the kernel of this home reads it: flag > AIOS_* variable > config.yaml of the home > default.
 * @throws SysError EINVAL that names the layer, the line and the nearest known key.
 */
export async function loadConfig({ home, flags = {}, env }: LoadOptions): Promise<LoadedConfig> {
  const path = home.file("config.yaml");
  const file = readYaml(path);
  const sources = new Map<string, Source>();
  const tree: Tree = {};
  for (const { key } of configKeys()) {
    const node = file?.document.getIn(key.split("."), true) as { range?: [number, number, number] } | undefined;
    if (node !== undefined)
      sources.set(key, { layer: "home", where: `${path}:${file?.lines.linePos(node.range?.[0] ?? 0).line ?? 1}` });
  }
  merge(tree, (file?.document.toJS() ?? {}) as Tree);
  for (const { key, env: name, type } of configKeys()) {
    const text = name === undefined ? undefined : env[name];
    if (name === undefined || text === undefined || text === "") continue;
    setIn(tree, key, fromText(text, type));
    sources.set(key, { layer: "env", where: name });
  }
  for (const key of leafKeys(flags)) sources.set(key, { layer: "flag", where: "the command line" });
  merge(tree, flags as Tree);
  const parsed = configSchema.safeParse(tree);
  if (!parsed.success) {
    const predecessor = predecessorOf(file?.document.toJS());
    if (predecessor)
      throw new SysError("EINVAL", `${path} is a configuration of ${predecessorNames[predecessor]}`, {
        hint: `translate it: aios config import ${path}`,
      });
    throw refuse(parsed.error, { path, file, sources });
  }
  return { config: parsed.data, sources, warnings: warningsOf(env) };
}

export interface YamlFile {
  readonly document: Document;
  readonly lines: LineCounter;
}

function readYaml(path: string): YamlFile | undefined {
  if (!existsSync(path)) return undefined;
  const lines = new LineCounter();
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new SysError("EACCES", `${path} cannot be read: ${(cause as Error).message}`, {
      cause,
      hint: "mend its rights, or move it away to start with the defaults",
    });
  }
  const document = parseDocument(text, { lineCounter: lines });
  const [error] = document.errors;
  if (error)
    throw new SysError("EINVAL", yamlFault(path, error), {
      hint: "mend the file, or move it away to start with the defaults",
    });
  const value: unknown = document.toJS();
  if (value !== null && (typeof value !== "object" || Array.isArray(value)))
    throw new SysError("EINVAL", `${path}: a configuration is a table of settings`, {
      hint: "`aios config ls` shows what there is",
    });
  return { document, lines };
}

/** A variable that looks like ours and is none was meant to be one. */
function warningsOf(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set(configKeys().map((key) => key.env));
  const sections = [
    "AIOS_SERVER_",
    "AIOS_SCHEDULER_",
    "AIOS_JOURNAL_",
    "AIOS_SQLITE_",
    "AIOS_FILES_",
    "AIOS_LLMS_",
    "AIOS_POLICY_",
    "AIOS_SYSTEM_",
  ];
  return Object.keys(env)
    .filter((name) => sections.some((section) => name.startsWith(section)) && !known.has(name))
    .map((name) => `${name} is not a setting; \`aios config ls\` shows all with their variables`);
}

function merge(into: Tree, from: Tree): void {
  for (const [key, value] of Object.entries(from)) {
    const old = into[key];
    if (isTree(old) && isTree(value)) merge(old, value);
    else if (value !== undefined) into[key] = isTree(value) ? structuredClone(value) : value;
  }
}

function setIn(tree: Tree, key: string, value: unknown): void {
  const words = key.split(".");
  let at = tree;
  for (const word of words.slice(0, -1)) at = (isTree(at[word]) ? at[word] : (at[word] = {})) as Tree;
  at[words.at(-1) as string] = value;
}

function leafKeys(tree: Readonly<Record<string, unknown>>, prefix = ""): string[] {
  return Object.entries(tree).flatMap(([name, value]) =>
    isTree(value) ? leafKeys(value, `${prefix}${name}.`) : [`${prefix}${name}`],
  );
}

const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null && !Array.isArray(value);

function fromText(text: string, type: string): unknown {
  if (type === "integer" || type === "number") return Number.isNaN(Number(text)) ? text : Number(text);
  if (type === "boolean")
    return text === "true" || text === "1" ? true : text === "false" || text === "0" ? false : text;
  return text;
}
