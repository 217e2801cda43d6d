import { createPrivateKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { chmod, link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import { unwritable } from "./unwritable.ts";

/** Makes the home if it is missing; only its owner may look into it. @throws SysError EACCES, ENOSPC, EINVAL when it cannot be written. */
export function ensureHome(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw unwritable(dir, cause);
  }
}

const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";
const randomText = (length: number): string => {
  let text = "";
  // Bytes from 252 on would favour the first letters.
  while (text.length < length)
    for (const byte of randomBytes(length)) if (byte < 252 && text.length < length) text += ALPHABET[byte % 36];
  return text;
};

/** The home's own key, from `credentials` (mode 0600); made at the first start. @throws SysError EACCES, ENOSPC, EINVAL */
export async function readRootKey(dir: string): Promise<string> {
  ensureHome(dir);
  const path = join(dir, "credentials");
  if (!existsSync(path))
    await writeNew(path, `${JSON.stringify({ key: `aios_sk_${randomText(8)}_${randomText(32)}` })}\n`);
  return keyIn(path, await readText(path));
}

/** The home's key for a client; undefined when no kernel ever ran here. @throws SysError EACCES, EINVAL */
export async function findRootKey(dir: string): Promise<string | undefined> {
  const path = join(dir, "credentials");
  return existsSync(path) ? keyIn(path, await readText(path)) : undefined;
}

const SECRET_BYTES = 32;

/**
 * What links to files are signed with, from `share-secret` (mode 0600); made at the first start. Without the file, or with
 * another one, links that were given before open nothing. @throws SysError EACCES, ENOSPC, EINVAL
 */
export async function readShareSecret(dir: string): Promise<Uint8Array> {
  ensureHome(dir);
  const path = join(dir, "share-secret");
  if (!existsSync(path)) await writeNew(path, `${randomBytes(SECRET_BYTES).toString("hex")}\n`);
  const text = (await readText(path)).trim();
  if (/^[0-9a-f]+$/.test(text) && text.length === 2 * SECRET_BYTES) return Buffer.from(text, "hex");
  throw new SysError("EINVAL", `${path} holds no secret`, {
    hint: "remove the file: the next `aios up` makes a new one, and links to files that were given before open nothing",
  });
}

/**
 * What the home's audit log is signed with, from `audit.key` (mode 0600): an Ed25519 private key in PEM (PKCS #8); made at the
 * first start. Where another one is put, or the file is removed, the log says that its key was replaced. @throws SysError EACCES, ENOSPC, EINVAL
 */
export async function readAuditKey(dir: string): Promise<string> {
  ensureHome(dir);
  const path = join(dir, "audit.key");
  if (!existsSync(path)) {
    const { privateKey } = generateKeyPairSync("ed25519");
    await writeNew(path, privateKey.export({ type: "pkcs8", format: "pem" }) as string);
  }
  return auditKeyIn(path, await readText(path));
}

/** The same for who only looks; undefined when no kernel ever ran here. @throws SysError EACCES, EINVAL */
export async function findAuditKey(dir: string): Promise<string | undefined> {
  const path = join(dir, "audit.key");
  return existsSync(path) ? auditKeyIn(path, await readText(path)) : undefined;
}

function auditKeyIn(path: string, text: string): string {
  try {
    if (createPrivateKey(text).asymmetricKeyType === "ed25519") return text;
  } catch {
    // said below
  }
  throw new SysError("EINVAL", `${path} holds no Ed25519 key`, {
    hint: "put the key back, or remove the file: the next `aios up` makes a new one, and the audit log says so",
  });
}

function keyIn(path: string, text: string): string {
  const key = /aios_sk_[0-9a-z]{8}_[0-9a-z]{32}/.exec(text)?.[0];
  if (key !== undefined) return key;
  throw new SysError("EINVAL", `${path} holds no key`, { hint: "remove the file: the next `aios up` makes a new one" });
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new SysError("EACCES", `${path} cannot be read: ${(cause as Error).message}`, {
      cause,
      hint: "run as the user who owns the home, or choose another with --home DIR",
    });
  }
}

/** Two kernels starting at once agree on one key: the file appears whole, and only if it was not there. */
async function writeNew(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.${randomText(6)}`;
  try {
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(draft, text, { mode: 0o600 });
    await chmod(draft, 0o600);
    await link(draft, path).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== "EEXIST") throw cause;
    });
  } catch (cause) {
    throw unwritable(path, cause);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Where the way out of a sandbox, or of a process (`p-PID`), listens. Short: a unix socket's path has 100 bytes at most. */
export const egressSocket = (dir: string, id: string): string => join(dir, "egress", id, "s");
