import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { SysError } from "@aiosjs/sdk/protocol";
import { LineCounter, parse, parseDocument } from "yaml";
import type { Document } from "yaml";
import { ensureHome } from "./home.ts";
import type { Home } from "./open-home.ts";
import { isText, placeOf, valueAt } from "./path.ts";
import { refuse } from "./refusal.ts";
import { configSchema } from "./schema.ts";
import { unwritable } from "./unwritable.ts";
import { yamlFault } from "./yaml-fault.ts";

/** What a change of config.yaml did. */
export interface Change {
  readonly file: string;
  /** The key as it stands in the file: list elements by number. */
  readonly key: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Long lines stay whole, and brackets as the documentation writes them. */
const style = { lineWidth: 0, flowCollectionPadding: false } as const;

/**
 * Sets one key in config.yaml of the home, keeping comments and order; `text` is read as YAML. Nothing is written
 * unless the whole file is right afterwards.
 * @throws SysError ENOENT for an unknown key, EINVAL for a value that it does not take.
 */
export function setSetting(home: Home, key: string, text: string): Promise<Change> {
  return change(home, key, (document, { path, isPlain }) => {
    let value: unknown = text;
    try {
      if (!isPlain) value = parse(text);
    } catch (cause) {
      throw new SysError("EINVAL", `the value of ${key} is no YAML: ${(cause as Error).message.split("\n")[0]}`, {
        cause,
      });
    }
    document.setIn(path, typeof value === "object" && value !== null ? document.createNode(value) : value);
    return value;
  });
}

/** Takes a key out of config.yaml, so that the default holds again. */
export function unsetSetting(home: Home, key: string): Promise<Change> {
  return change(home, key, (document, { path }) => void document.deleteIn(path));
}

/** Appends to a list (`llms.cores`), making it where there is none. */
export function appendSetting(home: Home, key: string, value: unknown): Promise<Change> {
  return change(home, key, (document, { path }) => {
    const list = valueAt(document.toJS(), path);
    if (Array.isArray(list)) document.addIn(path, document.createNode(value));
    else document.setIn(path, document.createNode([value]));
    return value;
  });
}

async function change(
  home: Home,
  key: string,
  apply: (document: Document, place: { path: readonly (string | number)[]; isPlain: boolean }) => unknown,
): Promise<Change> {
  const file = home.file("config.yaml");
  const document = readDocument(file);
  const tree: unknown = document.toJS() ?? {};
  const place = placeOf(key, tree);
  const before = valueAt(tree, place.path);
  const after = apply(document, { path: place.path, isPlain: isText(place) });
  const parsed = configSchema.safeParse(document.toJS() ?? {});
  if (!parsed.success) throw refuse(parsed.error, { path: file, file: undefined, sources: new Map() });
  await writeConfig(home, document.toString(style));
  return { file, key: place.path.join("."), before, after };
}

function readDocument(file: string): Document {
  const document = parseDocument(existsSync(file) ? readFileSync(file, "utf8") : "", {
    lineCounter: new LineCounter(),
  });
  const [error] = document.errors;
  if (error) throw new SysError("EINVAL", yamlFault(file, error), { hint: "mend the file first" });
  return document;
}

/** Replaces config.yaml whole. @throws SysError EACCES, ENOSPC when it cannot be written. */
export async function writeConfig(home: Home, text: string): Promise<void> {
  ensureHome(home.dir);
  const file = home.file("config.yaml");
  const draft = `${file}.${randomBytes(4).toString("hex")}`;
  try {
    await writeFile(draft, text, { mode: 0o600 });
    await rename(draft, file);
  } catch (cause) {
    await rm(draft, { force: true });
    throw unwritable(file, cause);
  }
}
