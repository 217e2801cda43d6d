import { posix } from "node:path";

/** Where programs see their home folder. */
export const home = "/home/agent";

export interface HomeBounds {
  /** Of one file. */
  readonly fileBytes: number;
  /** Of all files together. */
  readonly homeBytes: number;
}

export interface HomeFault {
  readonly code: "EINVAL" | "E2BIG" | "ENOSPC";
  readonly message: string;
}

/** A file costs something even when it is empty. */
const fileCostBytes = 256;

/** A file's path below the home folder, without `.` and `..`; undefined: it is none. */
export function pathInHome(path: string, folder: string = home): string | undefined {
  const relative = posix.relative(home, posix.resolve(folder, path));
  if (path === "") return undefined;
  const isOutside = relative === "" || relative === ".." || relative.startsWith("../");
  return isOutside || path.includes("\0") || path.endsWith("/") ? undefined : relative;
}

/** What keeps a file of this size from being written. */
export function faultOf(
  files: ReadonlyMap<string, Uint8Array>,
  { path, sizeBytes, bounds }: { path: string; sizeBytes: number; bounds: HomeBounds },
): HomeFault | undefined {
  const { fileBytes, homeBytes } = bounds;
  if (isFolder(files, path)) return { code: "EINVAL", message: `${path} is a folder` };
  const above = [...files.keys()].find((at) => path.startsWith(`${at}/`));
  if (above !== undefined) return { code: "EINVAL", message: `${above} is a file, and no folder` };
  if (sizeBytes > fileBytes)
    return { code: "E2BIG", message: `${path} would have ${sizeBytes} bytes; a file may have ${fileBytes}` };
  let total = sizeBytes + fileCostBytes;
  for (const [at, bytes] of files) if (at !== path) total += bytes.length + fileCostBytes;
  if (total > homeBytes)
    return { code: "ENOSPC", message: `with ${path} the home folder would exceed its ${homeBytes} bytes` };
  return undefined;
}

/** Folders are what the paths of files say. */
export const isFolder = (files: ReadonlyMap<string, Uint8Array>, path: string): boolean =>
  [...files.keys()].some((at) => at.startsWith(`${path}/`));
