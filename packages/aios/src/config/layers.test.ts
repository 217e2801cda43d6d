import { isSysError } from "@aiosjs/sdk/protocol";
import type { SysError } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { temporaryHome } from "../../test/temporary-home.ts";
import { configKeys } from "./keys.ts";
import { loadConfig } from "./layers.ts";

const refusalOf = async (yaml: string): Promise<SysError> => {
  using home = temporaryHome({ "config.yaml": yaml });
  const error: unknown = await loadConfig({ home, env: {} }).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!isSysError(error)) throw new Error(`it was taken: ${String(error)}`);
  return error;
};

test("without a file everything has its default, and nothing has a source", async () => {
  using home = temporaryHome();
  const { config, sources, warnings } = await loadConfig({ home, env: {} });
  expect(config.server).toMatchObject({ host: "127.0.0.1", port: 4141 });
  expect(config.scheduler.policy).toBe("plas-vtc");
  expect([...sources]).toEqual([]);
  expect(warnings).toEqual([]);
});

test("the command line wins over the environment, the environment over the file, the file over the default", async () => {
  using home = temporaryHome({ "config.yaml": "server:\n  port: 1001\n  maxWaitMs: 1001\n  host: 127.0.0.2\n" });
  const { config, sources } = await loadConfig({
    home,
    env: { AIOS_SERVER_PORT: "1002", AIOS_SERVER_MAX_WAIT_MS: "1002" },
    flags: { server: { port: 1003 } },
  });
  expect(config.server).toMatchObject({ port: 1003, maxWaitMs: 1002, host: "127.0.0.2", maxBodyBytes: 33_554_432 });
  expect(sources.get("server.port")).toEqual({ layer: "flag", where: "the command line" });
  expect(sources.get("server.maxWaitMs")).toEqual({ layer: "env", where: "AIOS_SERVER_MAX_WAIT_MS" });
  expect(sources.get("server.host")).toEqual({ layer: "home", where: `${home.file("config.yaml")}:4` });
  expect(sources.has("server.maxBodyBytes")).toBe(false);
});

test("a key's variable is its path in capitals", () => {
  const envOf = (wanted: string) => configKeys().find(({ key }) => key === wanted)?.env;
  expect(envOf("scheduler.queueLimit")).toBe("AIOS_SCHEDULER_QUEUE_LIMIT");
  expect(envOf("server.maxNewProcessesPerMinute")).toBe("AIOS_SERVER_MAX_NEW_PROCESSES_PER_MINUTE");
  expect(envOf("llms.cores")).toBeUndefined();
});

test("an unknown key is refused with its file, its line and the nearest known one", async () => {
  const error = await refusalOf("server:\n  port: 1\nscheduler:\n  queuLimit: 3\n");
  expect(error.code).toBe("EINVAL");
  expect(error.message).toMatch(/config\.yaml:4: unknown setting scheduler\.queuLimit/);
  expect(error.hint).toBe("did you mean scheduler.queueLimit?");
});

test("an unknown key inside a core is found by its line too", async () => {
  const error = await refusalOf(
    "llms:\n  cores:\n    - name: up\n      kind: openai\n      baseURL: http://127.0.0.1/v1\n",
  );
  expect(error.message).toMatch(/config\.yaml:5: unknown setting llms\.cores\.0\.baseURL/);
  expect(error.hint).toContain("baseUrl");
});

test("a value of the wrong kind names its line, and a variable's its name", async () => {
  expect((await refusalOf("server:\n  port: many\n")).message).toMatch(/config\.yaml:2: server\.port/);
  using home = temporaryHome();
  await expect(loadConfig({ home, env: { AIOS_SERVER_PORT: "many" } })).rejects.toThrow(
    /^AIOS_SERVER_PORT: server\.port/,
  );
});

test("a word that is not among those a setting takes is repeated, with the nearest one or all of them", async () => {
  const error = await refusalOf("llms:\n  cores:\n    - {name: x, kind: opanai}\n");
  expect(error.message).toMatch(/config\.yaml:3: llms\.cores\.0\.kind: "opanai" is not among what it takes$/);
  expect(error.hint).toBe("did you mean openai?");
  expect((await refusalOf("scheduler: {policy: fairest}\n")).hint).toBe(
    "it is one of fifo, rr, priority, edf, plas-vtc",
  );
});

test("a key that is written down is refused with the way to name it, and is not repeated", async () => {
  const secret = "sk-live-0123456789";
  const error = await refusalOf(`llms:\n  cores:\n    - {name: openai, kind: openai, apiKey: ${secret}}\n`);
  expect(error.message).toContain("a secret is a reference");
  expect(error.hint).toContain("apiKey: env:NAME");
  expect(`${error.message} ${error.hint}`).not.toContain(secret);
});

test("the file of a predecessor names the command that translates it", async () => {
  const error = await refusalOf('api_keys:\n  openai: ""\nllms:\n  models: []\n');
  expect(error.message).toContain("AIOS (agiresearch, Python)");
  expect(error.hint).toMatch(/^translate it: aios config import \/.*config\.yaml$/);
});

test("a file that is no YAML, or no table, is refused by name", async () => {
  expect((await refusalOf("server: {port: 1\n")).message).toMatch(/config\.yaml/);
  expect((await refusalOf("- a\n- b\n")).message).toContain("table of settings");
});

test("a variable that looks like a setting and is none is warned of", async () => {
  using home = temporaryHome();
  const { warnings } = await loadConfig({ home, env: { AIOS_SERVER_PROT: "1", AIOS_HOME: "/x", AIOS_KEY: "k" } });
  expect(warnings).toEqual([expect.stringContaining("AIOS_SERVER_PROT")]);
});
