// The control: code as it is often written. It looks at the path, and then opens it.
import { lstatSync, readdirSync } from "node:fs";
import { lstat, mkdir, open, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { verbs, WRITTEN } from "./files.ts";
import type { Ask, Check, Like, ReadAs } from "./files.ts";

/** It reads no more than that of a file that has no end. */
const ENOUGH_BYTES = 64 * 1024 * 1024;
const MAX_BYTES = 16 * 1024 * 1024;

export async function askUnprotected(root: string, { verb, path, readAs, check = "prefix" }: Ask): Promise<unknown> {
  const understood = readAs === undefined ? path : readings[readAs](path, root);
  // An absolute path stays what it is.
  const file = resolve(root, understood);
  await checks[check](root, file);
  await fence(root, file);
  return acts[verbs[verb].like](file);
}

const checks: Record<Check, (root: string, file: string) => Promise<void>> = {
  nothing: async () => {},
  prefix: async (root, file) => {
    if (!file.startsWith(root)) throw new Error("outside");
  },
  "real path": async (root, file) => {
    const there = await realpath(file).catch(() =>
      realpath(dirname(file)).then((folder) => join(folder, basename(file))),
    );
    if (!there.startsWith(root)) throw new Error("outside");
    const stats = await lstat(file).catch(() => undefined);
    if (stats && !stats.isDirectory() && (!stats.isFile() || stats.nlink > 1)) throw new Error("no plain file");
  },
};

/** Nobody's attack, but ours on the machine that the suite runs on: the control stays among the suite's own folders. */
async function fence(root: string, file: string): Promise<void> {
  const top = dirname(root);
  const isOurs = (path: string): boolean => path.startsWith(`${top}/`);
  const folder = await realpath(dirname(file)).catch(() => top + sep);
  if (!isOurs(folder)) throw new Error("the control is kept from the rest of the machine");
}

const acts: Record<Like, (file: string) => Promise<unknown>> = {
  read: async (file) => {
    await using handle = await open(file, "r");
    const { size } = await handle.stat();
    if (size > MAX_BYTES && size < 2 * MAX_BYTES) throw new Error("too large");
    const buffer = Buffer.alloc(1024 * 1024);
    let beginning = "";
    for (let length = 0; ;) {
      const { bytesRead } = await handle.read({ buffer });
      length += bytesRead;
      if (beginning === "") beginning = buffer.toString("utf8", 0, Math.min(bytesRead, 4_096));
      if (bytesRead === 0 || length >= ENOUGH_BYTES) return { content: beginning, sizeBytes: length };
    }
  },
  // By a name that anybody can guess, and then as it is often done: what stands there is written over.
  write: async (file) => {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.tmp`, WRITTEN);
    await rm(`${file}.tmp`);
    await writeFile(file, WRITTEN);
    return { sizeBytes: WRITTEN.length };
  },
  list: (file) => readdir(file),
  remove: async (file) => {
    await rm(file);
    return {};
  },
};

const readings: Record<ReadAs, (path: string, root: string) => string> = {
  decoded: (path) => overlong(percent(percent(path))),
  compatibility: (path) => path.normalize("NFKC"),
  backslashes: (path) => path.replaceAll("\\", "/"),
  windows: (path) => asWindows(path),
  "c-string": (path) => (path.split("\0")[0] ?? "").replaceAll(/\p{Cc}/gu, ""),
  composed: (path, root) => alike(path, root, (name) => name.normalize("NFC")),
  folded: (path, root) => alike(path, root, (name) => name.normalize("NFKC").toLowerCase()),
};

function percent(path: string): string {
  return path.replaceAll(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/** Two bytes for what one says: a decoder that does not look takes the lower bits. */
function overlong(path: string): string {
  return path.replaceAll(/[\u00c0\u00c1]([\u0080-\u00bf])/g, (pair, rest: string) =>
    String.fromCharCode(((pair.charCodeAt(0) & 0x1f) << 6) | (rest.charCodeAt(0) & 0x3f)),
  );
}

/** What Windows makes of a path: dots and spaces at the ends of names mean nothing, and so does a drive. */
function asWindows(path: string): string {
  const slashes = path
    .replaceAll("\\", "/")
    .replace(/^\/\/[?.]\//, "")
    .replace(/^(UNC\/|\/\/)[^/]+\/[a-z]\$/i, "");
  const names = slashes.replace(/^[a-z]:/i, "").split("/");
  return names.map((name) => (/^\.\.[. ]+$/.test(name) ? ".." : name.replace(/(?<=[^. ])[. ]+$/, ""))).join("/");
}

/** A file system that holds names to be the same which are not. */
function alike(path: string, root: string, form: (name: string) => string): string {
  let reached = root;
  for (const name of path.split("/")) {
    const isFolder = lstatSync(reached, { throwIfNoEntry: false })?.isDirectory() === true;
    const same = isFolder ? readdirSync(reached).find((one) => form(one) === form(name)) : undefined;
    reached = join(reached, same ?? name);
  }
  return reached;
}
