import { readdirSync, statSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { asTenantId } from "@aiosjs/sdk/protocol";
import { temporaryHome } from "../../test/temporary-home.ts";
import { findSecret, readSecrets, removeSecret, storeSecret } from "./secret-store.ts";
import type { StoredSecret } from "./secret-store.ts";

const [home, other] = [asTenantId("local"), asTenantId("team-b")];
const secret = (name: string, more: Partial<StoredSecret> = {}): StoredSecret => ({
  name,
  tenant: home,
  value: `value of ${name}`,
  hosts: ["https://api.test:443"],
  setAt: "2026-11-22T00:00:00.000Z",
  ...more,
});

test("a secret is kept for the owner alone, replaced whole, found by tenant and name, and forgotten", async () => {
  using at = temporaryHome();
  expect(readSecrets(at.dir)).toEqual([]);
  await storeSecret(at.dir, secret("bank"));
  await storeSecret(at.dir, secret("bank", { value: "another value", hosts: [] }));
  await storeSecret(at.dir, secret("bank", { tenant: other }));
  expect(findSecret(at.dir, { tenant: home, name: "bank" })).toMatchObject({ value: "another value", hosts: [] });
  expect(findSecret(at.dir, { tenant: other, name: "bank" })?.value).toBe("value of bank");
  expect(findSecret(at.dir, { tenant: home, name: "bank2" })).toBeUndefined();
  if (process.platform !== "win32") {
    expect(statSync(at.file("secrets")).mode & 0o777).toBe(0o700);
    expect(statSync(at.file("secrets/bank@local.json")).mode & 0o777).toBe(0o600);
  }
  expect(await removeSecret(at.dir, { tenant: home, name: "bank" })).toBe(true);
  expect(await removeSecret(at.dir, { tenant: home, name: "bank" })).toBe(false);
  expect(readSecrets(at.dir).map(({ tenant, name }) => `${name}@${tenant}`)).toEqual(["bank@team-b"]);
});

test("secrets that are set at once do not take each other back", async () => {
  using at = temporaryHome();
  const names = Array.from({ length: 20 }, (_, index) => `secret-${index}`);
  await Promise.all(names.map((name) => storeSecret(at.dir, secret(name))));
  expect(readSecrets(at.dir)).toHaveLength(20);
  expect(readdirSync(at.file("secrets"))).toHaveLength(20);
});

test("names that a reference or a file cannot hold, and values too short to be told from text, are refused", async () => {
  using at = temporaryHome();
  for (const name of ["", "GITHUB", "a/b", "../x", ".hidden", "ends.", "a b", "x".repeat(65), "a@b"])
    await expect(storeSecret(at.dir, secret(name)), name).rejects.toMatchObject({ code: "EINVAL" });
  await expect(storeSecret(at.dir, secret("GITHUB"))).rejects.toMatchObject({ hint: "in lower case: github" });
  await expect(storeSecret(at.dir, secret("pin", { value: "1234567" }))).rejects.toMatchObject({ code: "EINVAL" });
  expect(readSecrets(at.dir)).toEqual([]);
});

test("a file that is damaged is named, and nothing of it repeated", async () => {
  using at = temporaryHome();
  await storeSecret(at.dir, secret("bank"));
  writeFileSync(at.file("secrets/bank@local.json"), '{"value": "half of a val');
  let message = "";
  try {
    readSecrets(at.dir);
  } catch (cause) {
    ({ message } = cause as Error);
  }
  expect(message).toBe(`${at.file("secrets/bank@local.json")} holds no secret`);
});
