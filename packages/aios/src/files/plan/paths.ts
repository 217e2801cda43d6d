export type PathFault = "outside" | "no path" | "which";

/** UTF-16 units. */
const MAX_PATH = 4_096;
/** Words that stand for what was named before, or for everything: nobody but a person knows which files they are. */
const vague =
  /^(?:it|them|this|that|these|those|everything|all|any|some|one|files?|folders?|directory|stuff|changes?|versions?|last|trash|thanks|please|now|again|它|它们|这|那|这些|那些|这个|那个|文件|文件夹|目录|东西|内容|上次|最后|最近|一次|更改|修改|改动)$|^(?:所有|全部|一切|这|那|每个|任何)(?:[个些份]|的|文件|东西|$)/i;

/** Where a path leads from a folder, without `.` and `..`; or why it leads nowhere. */
export function placeFrom(cwd: string, text: string): { path: string } | { fault: PathFault } {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (text.trim() === "" || text.length > MAX_PATH || /[\u0000-\u001f\u007f\\]/.test(text) || !text.isWellFormed())
    return { fault: "no path" };
  const isFromTop = text.startsWith("/") || cwd.startsWith("/");
  const names: string[] = [];
  for (const name of (text.startsWith("/") ? text : `${cwd}/${text}`).split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") names.push(name);
    else if (names.pop() === undefined) return { fault: "outside" };
  }
  return { path: `${isFromTop ? "/" : ""}${names.join("/")}` || "." };
}

/** The whole of somebody's files: a process's own folder, what is shared, a mounted folder. */
export const isWhole = (path: string): boolean =>
  path === "." ||
  path === "/" ||
  /^\/shared$/.test(path) ||
  (/^\/[^/]+(?:\/[^/]+)?$/.test(path) && !path.startsWith("/shared/"));

/** Why a path that nobody quoted may mean something else than what it spells. */
export function doubtOf(bare: string, isStrict: boolean): PathFault | undefined {
  if (vague.test(bare)) return "which";
  if (!isStrict) return undefined;
  if (/[*?]/.test(bare)) return "which";
  // Chinese has no spaces: where a bare name of it ends, only an ending or a folder tells.
  if (/\p{sc=Han}/u.test(bare) && (!/[./]/.test(bare) || /然后|接着|并且|以及|再/.test(bare))) return "which";
  return undefined;
}

export const baseOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
export const inFolder = (folder: string, name: string): string =>
  folder === "." ? name : `${folder.replace(/\/$/, "")}/${name}`;
export const folderOf = (path: string): string =>
  path.includes("/") ? path.slice(0, path.lastIndexOf("/")) || "/" : ".";
