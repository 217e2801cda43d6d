import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findAuditKey, readAuditKey, readShareSecret } from "./home.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "aios-home-"));
});
afterEach(() => rm(home, { recursive: true }));

test("the secret that signs links is made once, for two kernels that start at once too, and is for its owner alone", async () => {
  const secrets = await Promise.all([1, 2, 3].map(() => readShareSecret(home)));
  secrets.push(await readShareSecret(home));
  expect(new Set(secrets.map((secret) => Buffer.from(secret).toString("hex"))).size).toBe(1);
  expect(secrets[0]?.byteLength).toBe(32);
  if (process.platform !== "win32") expect((await stat(join(home, "share-secret"))).mode & 0o777).toBe(0o600);
  const other = await mkdtemp(join(tmpdir(), "aios-home-"));
  expect(await readShareSecret(other)).not.toEqual(secrets[0]);
  await rm(other, { recursive: true });
});

test.each(["", "short", "g".repeat(64), "0".repeat(62), "0".repeat(66)])(
  "a file that holds no secret (%j) is told, and not used",
  async (text) => {
    const path = join(home, "share-secret");
    await writeFile(path, text);
    await expect(readShareSecret(home)).rejects.toMatchObject({
      code: "EINVAL",
      message: `${path} holds no secret`,
      hint: expect.stringContaining("remove the file"),
    });
    expect(await readFile(path, "utf8")).toBe(text);
  },
);

test("the key that signs the audit log is made once, and is for its owner alone", async () => {
  expect(await findAuditKey(home)).toBeUndefined();
  const keys = await Promise.all([1, 2, 3].map(() => readAuditKey(home)));
  expect(new Set([...keys, await findAuditKey(home)]).size).toBe(1);
  expect(createPrivateKey(keys[0] as string).asymmetricKeyType).toBe("ed25519");
  if (process.platform !== "win32") expect((await stat(join(home, "audit.key"))).mode & 0o777).toBe(0o600);
});

test("a file that holds no such key is told, and not replaced", async () => {
  const path = join(home, "audit.key");
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  for (const text of ["", "x", privateKey.export({ type: "pkcs8", format: "pem" }) as string]) {
    await writeFile(path, text);
    for (const read of [readAuditKey, findAuditKey])
      await expect(read(home)).rejects.toMatchObject({ code: "EINVAL", message: `${path} holds no Ed25519 key` });
    expect(await readFile(path, "utf8")).toBe(text);
  }
});
