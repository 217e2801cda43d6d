import { readFile } from "node:fs/promises";
import { SysError } from "@aiosjs/sdk/protocol";
import { parseDocument } from "yaml";
import { importClassic } from "./import-classic.ts";
import { importTaiji } from "./import-taiji.ts";
import { predecessorOf } from "./predecessor.ts";
import { configSchema } from "./schema.ts";
import type { Translation } from "./translation.ts";

/**
 * Reads a predecessor's configuration and says it in our words; nothing is written.
 * @throws SysError ENOENT, or EINVAL for a file that is neither's.
 */
export async function translateFile(path: string): Promise<Translation> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new SysError("ENOENT", `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error) throw new SysError("EINVAL", `${path}: ${error.message.split("\n")[0]}`, { hint: "mend the file first" });
  const tree: unknown = document.toJS();
  const from = predecessorOf(tree);
  if (from === undefined)
    throw new SysError("EINVAL", `${path} is no configuration of a predecessor that is known here`, {
      hint: "a configuration of this system needs no import: it is config.yaml of the home",
    });
  const translation = from === "classic" ? importClassic(tree) : importTaiji(tree);
  const parsed = configSchema.safeParse(translation.config);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new SysError("EINVAL", `${path}: ${issue?.path.map(String).join(".")}: ${issue?.message}`, {
      hint: "mend the value in the file, or leave it out",
    });
  }
  return translation;
}
