import { SysError } from "@aiosjs/sdk/protocol";

/** Our own half-written files; never listed, read or replaced by a caller. */
export const temporaryPrefix = ".aios-tmp-";

/** Names that Windows keeps for devices: refused everywhere, so that a folder can be copied to any machine. */
const deviceName = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$/i;

/**
 * The components of a path inside a process's folder; none for the folder itself.
 * @throws SysError EINVAL for whatever could mean another place: absolute paths, `..`, NUL, drive letters.
 */
export function parseWorkspacePath(text: string): readonly string[] {
  const refuse = (what: string, hint = 'Name a file relative to the process\'s own folder, such as "notes/plan.md".') =>
    new SysError("EINVAL", `${JSON.stringify(text)} ${what}`, { hint });
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) throw refuse("holds a control character");
  if (text.startsWith("/") || /^[a-z]:/i.test(text)) throw refuse("is an absolute path");
  if (text.includes("\\")) throw refuse("holds a backslash", "Separate folders with a slash.");
  const components = text.split("/").filter((component) => component !== "" && component !== ".");
  for (const component of components) {
    if (component === "..") throw refuse("leads out of the process's own folder");
    if (deviceName.test(component)) throw refuse(`holds the name ${component}, which some systems keep for a device`);
    if (component.startsWith(temporaryPrefix)) throw refuse(`begins with ${temporaryPrefix}, which is kept for writes`);
    if (Buffer.byteLength(component) > 255) throw refuse("holds a name of more than 255 bytes", "Shorten it.");
  }
  return components;
}

/** A tenant's or process's id as a folder's name: distinct ids give distinct names, and none leads elsewhere. */
export function folderNameOf(id: string): string {
  return encodeURIComponent(id).replaceAll(".", "%2E").replaceAll("*", "%2A") || "%";
}
