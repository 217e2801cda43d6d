import { randomBytes } from "node:crypto";
import { chmod, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import { ensureHome } from "./home.ts";
import { readStoredEnv } from "./secrets.ts";
import { unwritable } from "./unwritable.ts";

/**
 * Changes the variables that are kept for this home (AIOS_HOME/env, mode 0600); `undefined` removes one. The file is
 * replaced whole: a reader sees the old or the new one.
 * @throws SysError EINVAL for a name or value that a line cannot hold, EACCES or ENOSPC when the file cannot be written.
 */
export async function storeEnv(home: string, changes: Readonly<Record<string, string | undefined>>): Promise<void> {
  for (const [name, value] of Object.entries(changes)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw new SysError("EINVAL", `"${name}" is no name of a variable`, { hint: "letters, digits and underscores" });
    if (value !== undefined && /[\r\n\0]/.test(value))
      throw new SysError("EINVAL", `the value of ${name} has more than one line`, {
        hint: `put it into a file and write apiKey: file:PATH`,
      });
  }
  ensureHome(home);
  const kept = Object.entries({ ...readStoredEnv(home), ...changes }).filter(([, value]) => value !== undefined);
  const path = join(home, "env");
  const draft = `${path}.${randomBytes(4).toString("hex")}`;
  try {
    await writeFile(draft, kept.map(([name, value]) => `${name}=${value}\n`).join(""), { mode: 0o600 });
    await chmod(draft, 0o600);
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true });
    throw unwritable(path, cause);
  }
}
