import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import type { Labels, ResultOf } from "@aiosjs/sdk/protocol";
import { seesAll } from "../access.ts";
import type { FileIndex } from "../file-index.ts";
import { absent, noVersion } from "../file-absent.ts";
import { filePlace, pathIn, placeOf, shown } from "../file-path.ts";
import type { FilePlace } from "../file-path.ts";
import { copyTree, removeRows, restoreTree, backTo, treeBackTo, treeOf } from "../file-tree.ts";
import {
  beforeWrite,
  change,
  goneAs,
  isThere,
  makeFolder,
  makeWay,
  nothing,
  ownLabels,
  versionOf,
} from "../file-writing.ts";
import type { FileCall } from "../file-writing.ts";
import { searchFiles } from "../file-search.ts";
import { verifyFiles } from "../file-verifying.ts";
import { join, labelOf, labelsFrom, unknownLabel } from "../gate/label.ts";
import { labelsOf } from "../note-writing.ts";
import type { DiskContent, DiskEntry, Encoding, KeptFile, Staged } from "../ports.ts";
import type { Handler, KernelCall, KernelDevice } from "./device.ts";
import { diffFiles } from "./fs-diff.ts";
import { doFiles } from "./fs-do.ts";

type FsName = `fs.${
  | "read"
  | "write"
  | "append"
  | "mkdir"
  | "list"
  | "stat"
  | "move"
  | "copy"
  | "remove"
  | "restore"
  | "history"
  | "search"
  | "verify"
  | "diff"
  | "do"
  | "rollback"}`;

/** Files: what stands at a path, and what stood there before. */
const calls: KernelDevice<FsName> = {
  "fs.diff": diffFiles,
  "fs.do": doFiles,

  "fs.read": async ({ path, encoding, version }, kernelCall) => {
    const call = withFiles(kernelCall);
    const place = filePlace(path, "read", call);
    const { head, content } = await (version === undefined ? present(place, call) : earlier(place, version, call));
    // It may have waited for others.
    placeOf(path, "read", call);
    return {
      content: asText(content, encoding, place),
      sizeBytes: content.sizeBytes,
      version: head.version,
      labels: head.labels,
    };
  },

  "fs.write": async ({ path, content, encoding, ifVersion, labels }, kernelCall) => {
    const call = withFiles(kernelCall);
    const place = filePlace(path, "write", call);
    const staged = await stage(place, { text: content, encoding }, call);
    await hold(place, path, call);
    const before = await beforeWrite(place, ifVersion, call);
    const said = labelsOf(labels, { before: undefined, isReworded: true }, call);
    // Who may hear of what stands there is not widened by writing over it.
    const isWidened = labels !== undefined && call.principal.pid === null;
    const kept = before && !isWidened ? { ...before.labels, trust: said.trust } : said;
    return write(
      place,
      { labels: labelsFrom({ ...join(labelOf(said), labelOf(kept)), trust: said.trust }), before, staged },
      call,
    );
  },

  "fs.append": async ({ path, content, encoding, labels }, kernelCall) => {
    const call = withFiles(kernelCall);
    const place = filePlace(path, "write", call);
    await hold(place, path, call);
    const before = await beforeWrite(place, undefined, call);
    const behind = isThere(before) ? (await present(place, call)).content : undefined;
    const staged = await stage(place, { text: content, encoding, behind }, call);
    const said = labelsOf(labels, { before: isThere(before) ? before.labels : undefined, isReworded: true }, call);
    return write(place, { labels: said, before, staged }, call);
  },

  "fs.mkdir": async ({ path }, kernelCall) => {
    const call = withFiles(kernelCall);
    const place = placeOf(path, "write", call);
    await hold(place, path, call);
    await makeWay(place, call);
    return { path: shown(place), made: await makeFolder(place, call) };
  },

  "fs.list": async ({ path, isRemoved }, kernelCall) => {
    const call = withFiles(kernelCall);
    const place = placeOf(path, "read", call);
    await call.files.placed(place);
    const { tenant, root, path: within } = place;
    if (!isRemoved) return { entries: await entriesOf(place, call) };
    const gone = await call.parts.journal.files({ tenant, root, within, isGone: true, limit: Number.MAX_SAFE_INTEGER });
    const paths = gone.flatMap(({ path }) => (pathIn(path, within).includes("/") ? [] : [path]));
    const lasts = await call.files.versions(place, paths, { isLastThere: true });
    const entries = lasts.map((row) => entryOf(row.path, row));
    seeNames(lasts, kernelCall);
    return { entries: entries.toSorted((left, right) => (left.name < right.name ? -1 : 1)) };
  },

  "fs.stat": async ({ path }, kernelCall) => {
    const call = withFiles(kernelCall);
    const place = placeOf(path, "read", call);
    const head = place.path === "" ? undefined : await call.files.seen(place, call.record);
    const entry = place.path === "" ? top : await call.files.disk.look(place);
    // What is on its way is there already, for who asks.
    if (isThere(head) && (head.stamp === null || entry?.kind === head.kind)) return versionOf(head);
    if (!entry) throw await absent(place, call.files);
    if (entry.kind === "other")
      throw new SysError("EINVAL", `${shown(place)} is no file and no folder, but a link, a pipe or a device`);
    return {
      path: shown(place),
      version: 0,
      kind: "folder",
      ...nothing,
      labels: ownLabels(call),
      pid: null,
      call: null,
      at: 0,
      from: null,
    };
  },

  "fs.move": async ({ from, to }, kernelCall) => {
    const call = withFiles(kernelCall);
    const [one, other] = [filePlace(from, "write", call), placeOf(to, "write", call)];
    await call.files.hold([one, other], call.record);
    for (const path of [from, to]) placeOf(path, "write", call);
    const rows = await copyTree(one, other, call);
    removeRows(rows, call);
    return { moved: rows.length };
  },

  "fs.copy": async ({ from, to }, kernelCall) => {
    const call = withFiles(kernelCall);
    const [one, other] = [placeOf(from, "read", call), placeOf(to, "write", call)];
    await call.files.hold([one, other], call.record);
    placeOf(from, "read", call);
    placeOf(to, "write", call);
    const rows = await copyTree(one, other, call);
    return { copied: rows.length };
  },

  "fs.remove": async ({ path, isRecursive }, kernelCall) => {
    const call = withFiles(kernelCall);
    const place = filePlace(path, "write", call);
    await hold(place, path, call);
    const head = await call.files.known(place);
    const rows = isThere(head) ? await treeOf(place, call) : [];
    const isFull = head?.kind === "folder" && (rows.length > 1 || (await call.files.disk.list(place)).length > 0);
    if (isFull && !isRecursive)
      throw new SysError("EINVAL", `the folder ${shown(place)} is not empty`, {
        hint: "remove what is in it first, or all of it together by isRecursive",
      });
    if (rows.length > 0) removeRows(rows, call);
    // A link or a pipe goes too: what is removed is the name in this folder, never what it points at.
    else if (await call.files.disk.look(place))
      change(place, { ...goneAs(head ?? { labels: ownLabels(call) }), before: head }, call);
    else throw await absent(place, call.files);
    return { removed: Math.max(1, rows.length) };
  },

  "fs.restore": async ({ path }, kernelCall) => {
    const call = withFiles(kernelCall);
    const place = filePlace(path, "write", call);
    await hold(place, path, call);
    const restored = await restoreTree(place, call);
    return { restored };
  },

  "fs.history": async ({ path, beforeVersion, limit }, kernelCall) => {
    const call = withFiles(kernelCall);
    const place = placeOf(path, "read", call);
    const { tenant, root, path: at } = place;
    const head = at === "" ? undefined : await call.files.seen(place, call.record);
    if (!head && at !== "") throw await absent(place, call.files);
    const [last] = head ? await call.files.versions(place, [at], { isLastThere: true }) : [];
    if (last?.kind === "file")
      return { versions: (await call.files.versions(place, [at], { beforeVersion, limit })).map(versionOf) };
    const own = head ? await call.files.versions(place, [at], { limit }) : [];
    const inside = await call.parts.journal.fileVersions({ tenant, root, within: at, limit });
    const versions = [...own, ...inside].toSorted((left, right) => right.change - left.change);
    return { versions: versions.slice(0, limit).map(versionOf) };
  },

  "fs.search": (asked, kernelCall) => searchFiles(asked, withIndex(kernelCall), withFiles(kernelCall)),

  "fs.verify": async (_args, kernelCall) => {
    // It names files of all tenants.
    if (!seesAll(kernelCall.principal))
      throw new SysError("EACCES", "files are compared with their record with the home's own key");
    return verifyFiles(withIndex(kernelCall), withFiles(kernelCall));
  },

  "fs.rollback": async ({ path, version, atMs, back }, kernelCall) => {
    const call = withFiles(kernelCall);
    const place = placeOf(path, "write", call);
    if ([version, atMs, back].filter((where) => where !== undefined).length !== 1)
      throw new SysError("EINVAL", "fs.rollback goes back to a version of a file, by so many changes, or to a time", {
        hint: "give one of version, back and atMs; fs.history tells them",
      });
    await hold(place, path, call);
    if (atMs !== undefined) {
      const changed = await treeBackTo(place, atMs, call);
      return { changed: changed.length, version: changed.find((row) => row.path === place.path)?.version ?? null };
    }
    const before = await call.files.known(place);
    const wanted = version ?? (before?.version ?? 0) - (back ?? 0);
    if (wanted === 0 && before?.kind === "file")
      return { changed: 1, version: change(place, { ...goneAs(before), before }, call).version };
    const then = await call.files.version(place, wanted);
    if (!then || then.kind === "folder" || before?.kind === "folder") throw await noVersion(place, wanted, call.files);
    if (then.version === before?.version) return { changed: 0, version: then.version };
    await makeWay(place, call);
    const row = backTo(then, before, call);
    return { changed: 1, version: row.version };
  },
};

/** What a call has changed has room, or nothing has changed. */
const admitted = Object.entries<Handler<FsName>>(calls as Record<FsName, Handler<FsName>>).map(
  ([name, handler]) =>
    [
      name,
      async (args: never, call: KernelCall) => {
        const result = await handler(args, call);
        await call.parts.files?.quotas.admit(call.record);
        return result;
      },
    ] as const,
);
export const fsDevice = Object.fromEntries(admitted) as unknown as KernelDevice<FsName>;

const top: DiskEntry = { kind: "folder", sizeBytes: 0, stamp: "" };

/** @throws SysError ENODEV where the kernel keeps no files */
function withFiles(call: KernelCall): FileCall {
  const { files } = call.parts;
  if (!files) throw new SysError("ENODEV", "this kernel keeps no files");
  return { ...call, files };
}

/** @throws SysError ENODEV where nobody searches */
function withIndex({ parts }: KernelCall): FileIndex {
  if (parts.fileIndex) return parts.fileIndex;
  throw new SysError("ENODEV", "this kernel finds no files by what they say");
}

/** Groups may have changed while it waited. */
async function hold(place: FilePlace, path: string, call: FileCall): Promise<void> {
  await call.files.hold([place], call.record);
  placeOf(path, "write", call);
}

const stage = (
  place: FilePlace,
  content: { text: string; encoding: Encoding; behind?: DiskContent | undefined },
  { files, record, signal }: FileCall,
) => files.stage(place, content, { record, signal });

async function write(
  place: FilePlace,
  how: { readonly labels: Labels; readonly before: KeptFile | undefined; readonly staged: Staged },
  call: FileCall,
): Promise<ResultOf<"fs.write">> {
  await makeWay(place, call);
  const { hash, sizeBytes } = how.staged.blob;
  const row = change(place, { kind: "file", hash, sizeBytes, from: null, ...how }, call);
  return { path: shown(place), sizeBytes, version: row.version };
}

/** What stands there, and what is on its way there. */
async function entriesOf(place: FilePlace, call: FileCall): Promise<ResultOf<"fs.list">["entries"]> {
  const { files } = call;
  const waiting = files.onTheWay(place).filter((path) => !pathIn(path, place.path).includes("/"));
  const listed = await files.disk.list(place).catch((cause: unknown) => {
    if (isSysError(cause) && cause.code === "ENOENT" && waiting.length > 0) return [];
    throw cause;
  });
  const entries = new Map(listed.map(({ name, kind, sizeBytes }) => [name, { name, kind, sizeBytes }]));
  const paths = listed.map(({ name }) => (place.path === "" ? name : `${place.path}/${name}`));
  const heads = await files.heads(place, [...new Set([...paths, ...waiting])]);
  for (const path of waiting) {
    const head = heads.get(path);
    if (head) entries.set(nameIn(path), entryOf(path, head));
  }
  seeNames(
    paths.map((path) => heads.get(path)),
    call,
  );
  seeNames(
    waiting.flatMap((path) => heads.get(path) ?? []),
    call,
  );
  return [...entries.values()].toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

/** A name is somebody's words, too: it is as what its file holds. What nobody wrote here may be anybody's. */
function seeNames(
  named: readonly (Pick<KeptFile, "labels"> | undefined)[],
  { record }: Pick<FileCall, "record">,
): void {
  for (const one of named) record.see(one ? labelOf(one.labels) : unknownLabel);
}

const nameIn = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

const entryOf = (
  path: string,
  { kind, sizeBytes }: Pick<KeptFile, "kind" | "sizeBytes">,
): ResultOf<"fs.list">["entries"][number] => ({
  name: nameIn(path),
  kind: kind === "folder" ? "folder" : "file",
  sizeBytes,
});

/** The file as it is now: what others have made of it meanwhile is a version of its own. */
async function present(place: FilePlace, call: FileCall): Promise<{ head: KeptFile; content: DiskContent }> {
  const { files, record, signal } = call;
  const head = await files.seen(place, record);
  if (head?.kind === "gone") throw await absent(place, files);
  if (head?.kind === "file" && head.stamp === null) return { head, content: await files.contentOf(head) };
  const { content, entry } = await files.disk.read(place, signal);
  const isKnown = head?.hash === content.hash || (head?.hash === null && head.stamp === entry.stamp);
  if (head?.kind === "file" && isKnown) return { head, content };
  // It was changed between the two looks.
  await files.hold([place], record);
  const now = await files.known(place, { isChanged: true });
  if (now?.kind !== "file") throw await absent(place, files);
  return { head: now, content: await files.contentOf(now) };
}

async function earlier(
  place: FilePlace,
  version: number,
  call: FileCall,
): Promise<{ head: KeptFile; content: DiskContent }> {
  await call.files.seen(place, call.record);
  const row = await call.files.version(place, version);
  if (row?.kind !== "file") throw await noVersion(place, version, call.files);
  return { head: { ...row, stamp: "" }, content: await call.files.contentOf(row) };
}

function asText(content: DiskContent, encoding: Encoding, place: FilePlace): string {
  try {
    return content.as(encoding);
  } catch (cause) {
    throw new SysError("EINVAL", `${shown(place)} is no text in UTF-8`, { cause, hint: "read it as base64" });
  }
}
