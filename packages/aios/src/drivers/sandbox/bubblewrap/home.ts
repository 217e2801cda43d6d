import { chownSync, mkdirSync } from "node:fs";
import { join } from "node:path";

/** The home folder of a sandbox to which none was given, in the sandbox's own. */
export function makeHome(folder: string, { uid, gid }: { readonly uid: number; readonly gid: number }): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const home = join(folder, "home");
  mkdirSync(home, { mode: 0o700 });
  if (process.getuid?.() === 0) chownSync(home, uid, gid);
}
