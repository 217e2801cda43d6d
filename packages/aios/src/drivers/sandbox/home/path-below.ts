/** Whether a path stays below the folder it is relative to, by its text alone. */
export const isPathBelow = (path: string): boolean =>
  !path.startsWith("/") &&
  !path.includes("\0") &&
  !path.split("/").includes("..") &&
  path.split("/").some((part) => part !== "" && part !== ".");
