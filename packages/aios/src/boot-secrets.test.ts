import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { asTenantId } from "@aiosjs/sdk/protocol";
import { temporaryHome } from "../test/temporary-home.ts";
import { openHomeSecrets, secretsFor } from "./boot-secrets.ts";
import { readRootKey } from "./config/home.ts";
import { configSchema } from "./config/schema.ts";
import { removeSecret, storeSecret } from "./config/secret-store.ts";

const [local, other] = [asTenantId("local"), asTenantId("team-b")];
const bank = (tenant = local, value = "value of the bank") =>
  ({ name: "bank", tenant, value, hosts: ["https://api.test:443"], setAt: "2026-11-22T00:00:00.000Z" }) as const;

test("a secret is watched from the moment it is set, for its tenant alone, and no longer when it is forgotten", async () => {
  using home = temporaryHome();
  const { watch } = openHomeSecrets({ home: home.dir, env: () => ({}) });
  /** A change is seen a millisecond later; no command ends sooner. */
  const aMoment = () => new Promise((wake) => setTimeout(wake, 2));
  const isRefused = (text: string, tenant = local): boolean => {
    try {
      watch.refuse(tenant, "llm.chat", { text });
      return false;
    } catch {
      return true;
    }
  };
  expect(isRefused("value of the bank")).toBe(false);
  for (let round = 0; round < 20; round++) {
    const value = `value of the bank ${round}`;
    await storeSecret(home.dir, bank(local, value));
    await aMoment();
    expect(isRefused(value), value).toBe(true);
    expect(isRefused(value, other)).toBe(false);
  }
  await storeSecret(home.dir, bank(other, "value of others"));
  await aMoment();
  expect([isRefused("value of others"), isRefused("value of others", other)]).toEqual([false, true]);
  await removeSecret(home.dir, bank());
  await aMoment();
  expect(isRefused("value of the bank 19")).toBe(false);
  expect(watch.redactor().push("value of others|")).toBe("secret://bank|");
});

test("the system's own keys are watched for everybody, words in their place are not", async () => {
  const stored = "MY_OWN=env-key-0123456789\nMY_PLACE=/home/me/models-2/big\nMY_HOST=http://127.0.0.1:8000/v1\n";
  using home = temporaryHome({ key: "file-key-0123456789\n", env: stored });
  const root = await readRootKey(home.dir);
  const config = configSchema.parse({
    llms: {
      cores: [
        {
          name: "a",
          kind: "openai",
          baseUrl: "http://127.0.0.1:1/v1",
          apiKey: `file:${home.file("key")}`,
          models: ["m"],
        },
        { name: "b", kind: "openai", baseUrl: "http://127.0.0.1:1/v1", apiKey: "env:ODD_NAME", models: ["m"] },
      ],
    },
  });
  const env = {
    MY_OWN: "env-key-0123456789",
    ODD_NAME: "odd-key-0123456789",
    OPENAI_API_KEY: "sk-0123456789abcdef",
    VLLM_API_KEY: "sk-no-key-required",
    AWS_REGION: "eu-central-1-0123456",
    MY_PLACE: "/home/me/models-2/big",
    MY_HOST: "http://127.0.0.1:8000/v1",
  };
  const secrets = openHomeSecrets({ home: home.dir, env: () => env });
  await secrets.refresh(config);
  expect(secrets.watch.redact(other, [root, "file-key-0123456789", ...Object.values(env)])).toEqual([
    "credentials",
    `file:${home.file("key")}`,
    "env:MY_OWN",
    "env:ODD_NAME",
    "env:OPENAI_API_KEY",
    "sk-no-key-required",
    "eu-central-1-0123456",
    "/home/me/models-2/big",
    "http://127.0.0.1:8000/v1",
  ]);
});

test("where what is secret cannot be read, nothing passes", async () => {
  using home = temporaryHome();
  await storeSecret(home.dir, bank());
  const secrets = openHomeSecrets({ home: home.dir, env: () => ({}) });
  writeFileSync(home.file("secrets/zoo@local.json"), "");
  expect(() => secrets.watch.refuse(local, "llm.chat", {})).toThrow(/zoo@local.json holds no secret/);
  await expect(secrets.refresh(undefined)).rejects.toMatchObject({ code: "EINVAL" });
});

test("a process names the secrets that it was given, of its own tenant", async () => {
  using home = temporaryHome();
  await storeSecret(home.dir, bank());
  const find = (tenant: typeof local, granted: readonly string[]) => secretsFor(home.dir, { tenant, granted })("bank");
  expect(await find(local, ["bank"])).toMatchObject({ value: "value of the bank", hosts: ["https://api.test:443"] });
  expect(await find(local, ["ba*"])).toMatchObject({ name: "bank" });
  await expect(find(local, ["other"])).rejects.toMatchObject({ code: "EPOLICY" });
  await expect(find(other, ["*"])).rejects.toMatchObject({ code: "ENOENT", hint: "aios secret set bank --host HOST" });
});
