import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { asTenantId, SysError } from "@aiosjs/sdk/protocol";
import type { TenantId } from "@aiosjs/sdk/protocol";
import { z } from "zod";
import { ensureHome } from "./home.ts";
import { unwritable } from "./unwritable.ts";

/** Below this a value would be found in texts that have nothing to do with it. */
const SHORTEST_SECRET = 8;
const LONGEST_SECRET = 64 * 1024;

/** In lower case: some file systems know no other difference between two names. */
const secretName = z.string().regex(/^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$/);

const storedSecretSchema = z.strictObject({
  name: secretName,
  tenant: z.string().min(1),
  value: z.string().min(SHORTEST_SECRET).max(LONGEST_SECRET),
  /** `https://HOST:PORT` or `http://HOST:PORT`; the host may be a pattern. */
  hosts: z.array(z.string()),
  setAt: z.iso.datetime(),
});

/** A secret as it is kept: for a tenant, and for hosts. */
export type StoredSecret = Readonly<Omit<z.infer<typeof storedSecretSchema>, "tenant" | "hosts">> & {
  readonly tenant: TenantId;
  readonly hosts: readonly string[];
};

/** A file each (mode 0600, in a folder of mode 0700): two that are set at once do not take each other back. */
const fileOf = (home: string, { tenant, name }: Pick<StoredSecret, "tenant" | "name">): string =>
  join(secretsFolder(home), `${name}@${encodeURIComponent(tenant)}.json`);

export const secretsFolder = (home: string): string => join(home, "secrets");

/** @throws SysError EINVAL for a name that `secret://…` cannot hold. */
export function checkSecretName(name: string): string {
  if (secretName.safeParse(name).success) return name;
  const lower = name.toLowerCase();
  throw new SysError("EINVAL", `"${name}" is no name of a secret`, {
    hint: secretName.safeParse(lower).success
      ? `in lower case: ${lower}`
      : "lower-case letters, digits, and dots, dashes and underscores between them; at most 64",
  });
}

/**
 * Keeps a secret, in place of one of the same name; whole or not at all.
 * @throws SysError EINVAL for a value that is too short to be told from other text, EACCES, ENOSPC.
 */
export async function storeSecret(home: string, secret: StoredSecret): Promise<void> {
  checkSecretName(secret.name);
  const { length } = secret.value;
  if (length < SHORTEST_SECRET || length > LONGEST_SECRET)
    throw new SysError("EINVAL", `the value of secret://${secret.name} has ${length} characters`, {
      hint: `${SHORTEST_SECRET} to ${LONGEST_SECRET}: a shorter one could not be told from other text in prompts and logs`,
    });
  ensureHome(home);
  const path = fileOf(home, secret);
  const draft = `${path}.${randomBytes(4).toString("hex")}`;
  try {
    mkdirSync(secretsFolder(home), { recursive: true, mode: 0o700 });
    chmodSync(secretsFolder(home), 0o700);
    {
      await using file = await open(draft, "wx", 0o600);
      await file.writeFile(`${JSON.stringify(secret)}\n`);
      await file.sync();
    }
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true });
    throw unwritable(path, cause);
  }
}

/** False when there was none. @throws SysError EACCES */
export async function removeSecret(home: string, which: Pick<StoredSecret, "tenant" | "name">): Promise<boolean> {
  const path = fileOf(home, { ...which, name: checkSecretName(which.name) });
  try {
    await rm(path);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw unwritable(path, cause);
  }
}

/** Undefined when there is none. @throws SysError EINVAL for a file that is damaged, EACCES. */
export const findSecret = (home: string, which: Pick<StoredSecret, "tenant" | "name">): StoredSecret | undefined =>
  readFile(fileOf(home, { ...which, name: checkSecretName(which.name) }));

/** All that are kept, of all tenants, by tenant and name. @throws SysError EINVAL for a file that is damaged, EACCES. */
export function readSecrets(home: string): readonly StoredSecret[] {
  const folder = secretsFolder(home);
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes(String((cause as NodeJS.ErrnoException).code))) return [];
    throw new SysError("EACCES", `${folder} cannot be read: ${(cause as Error).message}`, { cause });
  }
  const kept = names.filter((name) => name.endsWith(".json")).map((name) => readFile(join(folder, name)));
  return kept
    .filter((one) => one !== undefined)
    .toSorted((a, b) => (`${a.tenant} ${a.name}` < `${b.tenant} ${b.name}` ? -1 : 1));
}

function readFile(path: string): StoredSecret | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    // Removed just now.
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new SysError("EACCES", `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  try {
    const secret = storedSecretSchema.parse(JSON.parse(text));
    return { ...secret, tenant: asTenantId(secret.tenant) };
  } catch {
    // Nothing of the text is repeated: it may hold the value.
    throw new SysError("EINVAL", `${path} holds no secret`, {
      hint: "remove the file, and set the secret again: aios secret set NAME",
    });
  }
}
