import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openAios } from "./aios.ts";
import type { Aios } from "./aios.ts";

const timeoutMs = 60_000;
const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

let aios: Aios;
beforeEach(async () => {
  aios = await openAios();
}, timeoutMs);
afterEach(() => aios[Symbol.asyncDispose](), timeoutMs);

const write = (name: string, text: string) => writeFileSync(join(aios.home, name), text);

interface Explained {
  readonly value: unknown;
  readonly layer: string;
  readonly where: string | null;
}

describe("the configuration", { timeout: timeoutMs }, () => {
  test("is set, explained and taken back; explain names the layer that won", async () => {
    expect((await aios.run(["config", "set", "server.port", "4200"])).code).toBe(0);
    expect((await aios.run(["config", "get", "server.port"])).out).toBe("4200\n");
    const home = await aios.data<Explained>(["config", "explain", "server.port"]);
    expect(home).toMatchObject({ value: 4200, layer: "home", where: `${join(aios.home, "config.yaml")}:2` });
    const { out } = await aios.run(["config", "explain", "server.port", "--json"], {
      env: { AIOS_SERVER_PORT: "4300" },
    });
    expect((JSON.parse(out) as { data: Explained }).data).toMatchObject({
      value: 4300,
      layer: "env",
      where: "AIOS_SERVER_PORT",
    });
    await aios.run(["config", "set", "server.port", "--unset"]);
    expect(await aios.data(["config", "explain", "server.port"])).toMatchObject({ value: 4141, layer: "default" });
  });

  test("with a fault is refused by every start, with its line, in one sentence", async () => {
    write("config.yaml", "scheduler:\n  policy: priority\n  queuLimit: 3\n");
    const { code, err } = await aios.run(["up", "--port", "0"]);
    expect(code).toBe(2);
    expect(err).toMatch(
      /config\.yaml:3: unknown setting scheduler\.queuLimit\n {2}→ did you mean scheduler\.queueLimit\?\n$/,
    );
  });

  test("of a predecessor: the start names the command, the command translates it, and then the system starts", async () => {
    write(
      "config.yaml",
      'api_keys: {openai: "sk-from-classic"}\nllms: {models: [{name: m, backend: openai}]}\nserver: {port: 0}\n',
    );
    const refused = await aios.run(["up", "--port", "0"]);
    expect(refused.code).toBe(2);
    const command = /aios (config import .*config\.yaml)/.exec(refused.err)?.[1];
    expect(command).toBe(`config import ${join(aios.home, "config.yaml")}`);
    const imported = await aios.run(command?.split(" ") ?? []);
    expect(imported.code, imported.err).toBe(0);
    expect(readFileSync(join(aios.home, "config.yaml"), "utf8")).toContain("apiKey: env:OPENAI_API_KEY");
    expect(imported.out + imported.err + readFileSync(join(aios.home, "config.yaml"), "utf8")).not.toContain(
      "sk-from-classic",
    );
    expect(imported.out).toContain("aios env set OPENAI_API_KEY");
    const keyless = await aios.run(["up", "-d", "--port", "0"]);
    expect(keyless.code, keyless.err).toBe(0);
    expect(keyless.err).toContain("OPENAI_API_KEY is not set\n  → aios env set OPENAI_API_KEY; then aios refresh");
    expect((await aios.run(["llm", "ls"])).out).toMatch(/^openai +m +openai .* down$/m);
    await aios.run(["env", "set", "OPENAI_API_KEY", "-"], { input: "sk-from-classic" });
    const refreshed = await aios.run(["refresh"]);
    expect([refreshed.code, refreshed.out, refreshed.err]).toEqual([0, "changed: llms\n", ""]);
    expect((await aios.run(["llm", "ls"])).out).not.toContain("down");
  });

  test("of a cloned folder cannot add a core, and says so", () => {
    const folder = mkdtempSync(join(tmpdir(), "aios-clone-"));
    writeFileSync(
      join(folder, "aios.config.yaml"),
      "llms: {cores: [{name: x, kind: openai, baseUrl: 'http://evil'}]}\n",
    );
    try {
      const { stderr, stdout, status } = spawnSync(
        process.execPath,
        ["--conditions=aios-source", main, "config", "get", "llms.cores", "--home", aios.home],
        { cwd: folder, encoding: "utf8" },
      );
      expect([status, stdout]).toEqual([0, "[]\n"]);
      const listed = spawnSync(
        process.execPath,
        ["--conditions=aios-source", main, "config", "ls", "--home", aios.home],
        { cwd: folder, encoding: "utf8" },
      );
      expect(stderr + listed.stderr).toContain("llms is ignored");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("a provider's key", { timeout: timeoutMs }, () => {
  test("is read from a pipe, kept for the owner, never shown, and forgotten", async () => {
    const secret = "sk-do-not-show-me";
    const kept = await aios.run(["env", "set", "OPENAI_API_KEY", "-"], { input: `${secret}\n` });
    expect(kept.code, kept.err).toBe(0);
    expect(readFileSync(join(aios.home, "env"), "utf8")).toBe(`OPENAI_API_KEY=${secret}\n`);
    if (process.platform !== "win32") expect(statSync(join(aios.home, "env")).mode & 0o777).toBe(0o600);
    const shown = [
      kept,
      await aios.run(["env", "ls"]),
      await aios.run(["env", "ls", "--json"]),
      await aios.run(["llm", "add", "openai", "--no-test"]),
      await aios.run(["config", "get", "--json"]),
      await aios.run(["env", "check"], { env: { OPENAI_BASE_URL: "http://127.0.0.1:9" } }),
    ];
    for (const { out, err } of shown) expect(out + err).not.toContain(secret);
    expect(shown.at(-1)).toMatchObject({ code: 1 });
    expect((await aios.run(["env", "rm", "OPENAI_API_KEY"])).code).toBe(0);
    expect((await aios.run(["env", "rm", "OPENAI_API_KEY"])).code).toBe(3);
  });

  test("that stands in a command line or a file as itself is refused with the way to name it", async () => {
    const { code, err } = await aios.run(["llm", "add", "openai", "--api-key", "sk-literal"]);
    expect(code).toBe(2);
    expect(err).toContain("aios env set OPENAI_API_KEY, then --api-key env:OPENAI_API_KEY");
    expect(err).not.toContain("sk-literal");
  });
});

describe("doctor", { timeout: timeoutMs }, () => {
  interface Diagnosis {
    readonly ok: boolean;
    readonly data: {
      readonly broken: number;
      readonly findings: { check: string; state: string; text: string; fix?: string }[];
    };
  }
  const diagnose = async (): Promise<Diagnosis & { code: number | null }> => {
    const { code, out } = await aios.run(["doctor", "--json"]);
    return { ...(JSON.parse(out) as Diagnosis), code };
  };

  test("finds a new home in order", async () => {
    await aios.run(["config", "set", "server.port", "0"]);
    const { ok, data, code } = await diagnose();
    expect({ ok, code, broken: data.broken }).toEqual({ ok: true, code: 0, broken: 0 });
  });

  test("names what is broken, each with its fix, and exits with 1", async () => {
    write(
      "config.yaml",
      "server: {port: 0}\nllms: {cores: [{name: up, kind: openai, baseUrl: 'http://127.0.0.1:9/v1', apiKey: env:UP_KEY}]}\n",
    );
    write("credentials", "{}\n");
    write("journal.db", "not a journal");
    const { ok, data, code } = await diagnose();
    expect({ ok, code }).toEqual({ ok: false, code: 1 });
    const broken = data.findings.filter(({ state }) => state === "broken");
    expect(broken.map(({ check }) => check).toSorted()).toEqual(["core up", "journal", "secrets"]);
    for (const { fix } of broken) expect(fix).toMatch(/\w/);
    expect(broken.find(({ check }) => check === "core up")?.fix).toBe("aios env set UP_KEY");
  });
});

describe("with a kernel", { timeout: timeoutMs }, () => {
  test("a key is made, works, is listed without its secret, and is void once revoked", async () => {
    expect((await aios.run(["up", "-d", "--port", "0", "--core", "sim"])).code).toBe(0);
    const made = await aios.run(["key", "new", "-q", "--tenant", "team", "--expires", "1h"]);
    expect(made.out).toMatch(/^aios_sk_[0-9a-z]+_[0-9a-z]+\n$/);
    expect(made.err).toBe("");
    const key = made.out.trim();
    const { url } = JSON.parse(readFileSync(join(aios.home, "kernel.json"), "utf8")) as { url: string };
    const ask = async () => (await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status;
    expect(await ask()).toBe(200);
    const listed = await aios.run(["key", "ls"]);
    expect(listed.out).toContain("team");
    expect(listed.out).not.toContain(key.split("_").at(-1));
    expect((await aios.run(["key", "revoke", key])).code).toBe(0);
    expect(await ask()).toBe(401);
  });

  test("refresh says which cores a kernel that was started with --core leaves out", async () => {
    expect((await aios.run(["up", "-d", "--port", "0", "--core", "sim"])).code).toBe(0);
    expect((await aios.run(["llm", "add", "box", "--kind", "sim"])).code).toBe(0);
    const { code, out, err } = await aios.run(["refresh"]);
    expect([code, out]).toEqual([0, "nothing has changed\n"]);
    expect(err).toContain("not used, for the kernel was started with --core: box");
  });

  test("a changed configuration is read by refresh, whole or not at all", async () => {
    expect((await aios.run(["up", "-d", "--port", "0"])).code).toBe(0);
    await aios.run(["llm", "add", "extra", "--kind", "sim", "--model", "little"]);
    expect(await aios.data(["config", "reload"])).toEqual({ changed: ["llms"], needRestart: [] });
    const { models } = await aios.data<{ models: { core: string; model: string }[] }>(["llm", "ls"]);
    expect(models).toContainEqual(expect.objectContaining({ core: "extra", model: "little" }));
    write("config.yaml", "llms: {cores: [{name: extra, kind: nonsense}]}\n");
    expect((await aios.run(["refresh"])).code).toBe(2);
    expect((await aios.run(["llm", "test", "--chat", "--jsonl"])).code).toBe(0);
  });

  test("a budget is set and shown", async () => {
    expect((await aios.run(["up", "-d", "--port", "0", "--core", "sim"])).code).toBe(0);
    expect((await aios.run(["budget", "set", "tenant:local", "tokens=10k/day"])).code).toBe(0);
    const accounts = await aios.data<unknown[]>(["budget", "show", "tenant:local"]);
    expect(accounts).toMatchObject([{ scope: "tenant:local", resource: "tokens", window: "day", limit: 10_000 }]);
    expect((await aios.run(["budget", "set", "nobody", "tokens=1"])).code).toBe(2);
  });
});
