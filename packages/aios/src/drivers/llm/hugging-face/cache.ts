// The cache that all of Hugging Face's tools share: models--owner--repo/{blobs,refs,snapshots}, as huggingface_hub lays it out.
import { access, copyFile, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, relative, sep } from "node:path";

export type Env = Readonly<Record<string, string | undefined>>;

const expand = (path: string): string => path.replace(/^~(?=$|[/\\])/, homedir());

const hubHome = (env: Env): string =>
  expand(env["HF_HOME"] || join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "huggingface"));

/** HF_HUB_CACHE, else `hub` in HF_HOME, else ~/.cache/huggingface/hub. */
export const cacheFolder = (env: Env): string =>
  expand(env["HF_HUB_CACHE"] || env["HUGGINGFACE_HUB_CACHE"] || join(hubHome(env), "hub"));

/** HF_TOKEN, else what `hf auth login` has left; undefined without either. */
export async function readToken(env: Env): Promise<string | undefined> {
  const told = env["HF_TOKEN"] || env["HUGGING_FACE_HUB_TOKEN"];
  if (told) return told.trim();
  const path = expand(env["HF_TOKEN_PATH"] || join(hubHome(env), "token"));
  const text = await readFile(path, "utf8").catch(() => ""); // public models want none
  return text.trim() || undefined;
}

/** One repository in the cache. */
export interface RepoCache {
  readonly blob: (digest: string) => string;
  readonly snapshot: (commit: string) => string;
  readonly ref: (revision: string) => string;
  /** What two pulls of one blob agree on. */
  readonly lock: (digest: string) => string;
}

export function openRepoCache(env: Env, repo: string): RepoCache {
  const name = `models--${repo.replace("/", "--")}`;
  const folder = join(cacheFolder(env), name);
  return {
    blob: (digest) => join(folder, "blobs", digest),
    snapshot: (commit) => join(folder, "snapshots", commit),
    ref: (revision) => join(folder, "refs", ...revision.split("/")),
    // Beside huggingface_hub's own, which are locked in a way that Node does not know.
    lock: (digest) => join(cacheFolder(env), ".locks", name, `${digest}.aios.lock`),
  };
}

const isCommit = (revision: string): boolean => /^[0-9a-f]{40}$/.test(revision);

/** Which commit a branch or tag was at when it was fetched last; undefined where it never was. */
export async function readRef(cache: RepoCache, revision: string): Promise<string | undefined> {
  if (isCommit(revision)) return revision;
  const commit = (await readFile(cache.ref(revision), "utf8").catch(() => "")).trim();
  return isCommit(commit) ? commit : undefined;
}

export async function writeRef(cache: RepoCache, revision: string, commit: string): Promise<void> {
  if (isCommit(revision)) return;
  const path = cache.ref(revision);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, commit);
}

/** Files below a folder that are really there (a link whose blob is gone is not), as the repository calls them. */
export async function listFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = entries.filter((entry) => !entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name));
  const there = await Promise.all(paths.map(exists));
  return paths.filter((_, index) => there[index]).map((path) => relative(folder, path).split(sep).join("/"));
}

export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** The file of a snapshot is a link to its blob; where the platform allows no links, it is the file itself. */
export async function linkBlob(blob: string, pointer: string, isNew: boolean): Promise<void> {
  await mkdir(dirname(pointer), { recursive: true });
  await rm(pointer, { force: true });
  try {
    await symlink(relative(dirname(pointer), blob), pointer);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST") return; // another pull was faster
    if (code !== "EPERM" && code !== "ENOTSUP") throw cause;
    await (isNew ? rename(blob, pointer) : copyFile(blob, pointer));
  }
}
