import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The environment with what `aios env set` has stored for this home (AIOS_HOME/env, mode 0600) behind it:
 * a variable of the process wins.
 */
export function withStoredEnv(env: Env, home: string): Env {
  return {
    ...readStoredEnv(home),
    ...Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== "")),
  };
}

/** KEY=VALUE lines; empty when the file is not there. */
export function readStoredEnv(home: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(join(home, "env"), "utf8");
  } catch (cause) {
    // A home that is no folder holds none either; who opens the home says so.
    if (["ENOENT", "ENOTDIR"].includes(String((cause as NodeJS.ErrnoException).code))) return {};
    throw new SysError("EACCES", `${join(home, "env")} cannot be read: ${(cause as Error).message}`, { cause });
  }
  const entries = text.split("\n").flatMap((line) => {
    const match = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
    return match ? [[match[1] as string, match[2] as string]] : [];
  });
  return Object.fromEntries(entries) as Record<string, string>;
}

/**
 * What a reference (`env:NAME`, `file:PATH`) stands for. The value goes to the driver that needs it and nowhere else.
 * @throws SysError EINVAL naming `what` wants it and what is missing.
 */
export async function resolveSecret(reference: string, { env, what }: { env: Env; what: string }): Promise<string> {
  if (reference.startsWith("env:")) {
    const name = reference.slice("env:".length);
    const value = env[name];
    if (value) return value;
    throw new SysError("EINVAL", `${what} wants ${reference}, and ${name} is not set`, {
      hint: `aios env set ${name}`,
    });
  }
  const path = reference.slice("file:".length).replace(/^~(?=\/)/, homedir());
  try {
    return (await readFile(isAbsolute(path) ? path : resolve(path), "utf8")).trim();
  } catch (cause) {
    throw new SysError("EINVAL", `${what} wants ${reference}, which cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}
