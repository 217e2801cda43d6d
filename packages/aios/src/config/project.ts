import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { limitSchema, SysError } from "@aiosjs/sdk/protocol";
import type { Limit } from "@aiosjs/sdk/protocol";
import { parse } from "yaml";
import { z } from "zod";
import { yamlFault } from "./yaml-fault.ts";

const projectSchema = z.object({
  agent: z.string().min(1).optional(),
  model: z.string().min(1).optional(),
  limits: z.array(limitSchema).optional(),
});

/** What a folder may ask of the client that is called in it. */
export interface Project {
  readonly path: string | undefined;
  /** Agent of `aios run "task"` here. */
  readonly agent?: string | undefined;
  /** Model of an existing core. */
  readonly model?: string | undefined;
  /** Further limits of processes started here. */
  readonly limits?: readonly Limit[] | undefined;
  readonly warnings: readonly string[];
}

/**
 * `./aios.config.{yaml,json}`, read by the client only: it may choose among what exists and set limits. Cores, base URLs,
 * secrets, policy and code are ignored with a warning: a cloned repository must not redirect a key or run code.
 * @throws SysError EINVAL for a file that cannot be read as such.
 */
export function loadProject(folder: string): Project {
  const warnings: string[] = [];
  const script = ["aios.config.ts", "aios.config.js", "aios.config.mjs"]
    .map((name) => join(folder, name))
    .find((path) => existsSync(path));
  if (script) warnings.push(`${script} is not run: a project's configuration is data (aios.config.yaml), never code`);
  const path = ["aios.config.yaml", "aios.config.yml", "aios.config.json"]
    .map((name) => join(folder, name))
    .find((one) => existsSync(one));
  if (!path) return { path: undefined, warnings };
  let value: unknown;
  try {
    value = parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new SysError("EINVAL", yamlFault(path, cause), { cause, hint: "mend the file, or move it away" });
  }
  const parsed = projectSchema.safeParse(value ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const key = issue?.path.map(String).join(".") || "the file";
    throw new SysError("EINVAL", `${path}: ${key}: ${issue?.message}`, {
      hint: "a project may set agent, model and limits; mend the file, or move it away",
    });
  }
  for (const key of Object.keys((value ?? {}) as object))
    if (!Object.hasOwn(projectSchema.shape, key))
      warnings.push(
        `${path}: ${key} is ignored: a project may set agent, model and limits; the rest belongs to the home's config.yaml`,
      );
  return { path, ...parsed.data, warnings };
}
