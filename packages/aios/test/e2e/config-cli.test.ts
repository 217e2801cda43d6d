import { once } from "node:events";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { providerVariables } from "../../src/config/providers.ts";
import { openAios } from "./aios.ts";
import type { Aios } from "./aios.ts";

/** Generous: each test starts several Node processes, and the machine may be busy. */
const timeoutMs = 60_000;

const secret = "sk-e2e-never-to-be-seen";

interface Envelope<Data> {
  readonly ok: boolean;
  readonly data: Data;
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null } | null;
}

interface Finding {
  readonly check: string;
  readonly state: "ok" | "note" | "broken";
  readonly text: string;
  readonly fix?: string;
}

/** Keys of whoever runs the tests stay out of them. */
const noKeys = Object.fromEntries(providerVariables.filter(({ isSecret }) => isSecret).map(({ name }) => [name, ""]));

/** A home with these files in it. */
async function homeWith(
  files: Readonly<Record<string, string>>,
): Promise<Pick<Aios, "home" | "run"> & AsyncDisposable> {
  const aios = await openAios();
  for (const [name, text] of Object.entries(files)) await writeFile(join(aios.home, name), text, { mode: 0o600 });
  const { home } = aios;
  return {
    home,
    run: (args, { env, ...options } = {}) => aios.run(args, { ...options, env: { ...noKeys, ...env } }),
    [Symbol.asyncDispose]: () => aios[Symbol.asyncDispose](),
  };
}

type Home = Awaited<ReturnType<typeof homeWith>>;

async function dataOf<Data>(aios: Home, args: readonly string[]): Promise<Data> {
  const { out } = await aios.run([...args, "--json"]);
  return (JSON.parse(out) as Envelope<Data>).data;
}

/** What `doctor` finds broken, and its exit code. */
async function brokenOf(aios: Home, args: readonly string[] = [], env: Record<string, string> = {}) {
  const { code, out } = await aios.run(["doctor", "--json", ...args], { env });
  const { ok, data } = JSON.parse(out) as Envelope<{ findings: Finding[]; broken: number }>;
  const broken = data.findings.filter(({ state }) => state === "broken");
  expect({ ok, count: data.broken }).toEqual({ ok: code === 0, count: broken.length });
  return { code, broken };
}

describe("config", { timeout: timeoutMs }, () => {
  test("set keeps comments and order, explain says which layer wins, unset gives the default back", async () => {
    const before = "# ours\nserver:\n  port: 5000 # behind the proxy\nscheduler: {policy: rr}\n";
    await using aios = await homeWith({ "config.yaml": before });
    expect((await aios.run(["config", "set", "server.port", "5001"])).code).toBe(0);
    const file = join(aios.home, "config.yaml");
    expect(await readFile(file, "utf8")).toBe(before.replace("5000", "5001"));
    expect((await aios.run(["config", "get", "server.port"])).out).toBe("5001\n");

    const inFile = await dataOf<{ layer: string; where: string; variable: string; doc: string }>(aios, [
      "config",
      "explain",
      "server.port",
    ]);
    expect(inFile).toMatchObject({ layer: "home", where: `${file}:3`, variable: "AIOS_SERVER_PORT" });
    expect(inFile.doc).toContain("kernel.json");
    const { out } = await aios.run(["config", "explain", "server.port"], { env: { AIOS_SERVER_PORT: "6000" } });
    expect(out).toMatch(/server\.port = 6000/);
    expect(out).toMatch(/6000 .*wins/);

    expect((await aios.run(["config", "set", "server.port", "--unset"])).code).toBe(0);
    expect((await aios.run(["config", "get", "server.port"])).out).toBe("4141\n");
  });

  test("a wrong value or key changes nothing, and says what is known instead", async () => {
    const before = "server: {port: 5000}\n";
    await using aios = await homeWith({ "config.yaml": before });
    const wrong = await aios.run(["config", "set", "server.port", "many"]);
    expect(wrong).toMatchObject({ code: 2, out: "" });
    expect(wrong.err).toContain("server.port");
    const unknown = await aios.run(["config", "set", "servr.port", "1"]);
    expect(unknown.code).toBe(3);
    expect(unknown.err).toContain("server");
    expect(await readFile(join(aios.home, "config.yaml"), "utf8")).toBe(before);
  });

  test("an unknown key in the file is named with its line and the nearest known one, and nothing starts on it", async () => {
    await using aios = await homeWith({ "config.yaml": "server:\n  host: 127.0.0.1\n  prot: 5000\n" });
    const { code, err } = await aios.run(["up", "-d"]);
    expect(code).not.toBe(0);
    expect(err).toContain(`${join(aios.home, "config.yaml")}:3`);
    expect(err).toContain("did you mean server.port?");
  });

  test("a key that is written down is refused by file, flag and command, and is repeated by none", async () => {
    const core = `llms: {cores: [{name: up, kind: compatible, baseUrl: "http://127.0.0.1:9/v1", apiKey: ${secret}}]}\n`;
    await using aios = await homeWith({ "config.yaml": core });
    const listed = await aios.run(["config", "ls"]);
    await writeFile(join(aios.home, "config.yaml"), core.replace(secret, "env:UP_KEY"));
    const set = await aios.run(["config", "set", "llms.cores.up.apiKey", secret]);
    const added = await aios.run(["llm", "add", "openai", "--api-key", secret, "--no-test"]);
    for (const { code, out, err } of [listed, set, added]) {
      expect(code).toBe(2);
      expect(`${out}${err}`).not.toContain(secret);
      expect(err).toMatch(/env:\w+/);
    }
    expect(await readFile(join(aios.home, "config.yaml"), "utf8")).not.toContain(secret);
  });

  test("the envelope of a refusal has code, message and hint", async () => {
    await using aios = await homeWith({});
    const { code, out } = await aios.run(["config", "get", "server.prot", "--json"]);
    const { ok, error } = JSON.parse(out) as Envelope<null>;
    expect({ code, ok, error }).toMatchObject({ code: 3, ok: false, error: { code: "ENOENT" } });
    expect(error?.hint).toContain("server.port");
  });
});

describe("config import", { timeout: timeoutMs }, () => {
  const classic = `
api_keys: {openai: ${secret}, huggingface: {auth_token: "", cache_dir: ""}}
llms:
  models:
    - {name: gpt-4o-mini, backend: openai}
    - {name: "qwen2.5:7b", backend: ollama, hostname: "http://localhost:11434"}
  log_mode: console
  use_context_manager: true
server: {host: localhost, port: 8000}
`;

  test("a home with the first predecessor's file names the command, which mends it and copies no key", async () => {
    await using aios = await homeWith({ "config.yaml": classic });
    const file = join(aios.home, "config.yaml");
    const refused = await aios.run(["up", "-d"]);
    expect(refused.code).not.toBe(0);
    expect(refused.err).toContain(`aios config import ${file}`);

    const imported = await aios.run(["config", "import", file]);
    expect(imported.code, imported.err).toBe(0);
    expect(imported.out).toMatch(/llms\.models\.1\.hostname +→ baseUrl: http:\/\/localhost:11434\/v1/);
    expect(imported.out).toMatch(/llms\.log_mode +\w/);
    expect(imported.out).toContain("aios env set OPENAI_API_KEY");
    expect(await readFile(`${file}.bak`, "utf8")).toBe(classic);

    const shown = await aios.run(["config", "get", "llms.cores"]);
    expect(shown.out).toContain("apiKey: env:OPENAI_API_KEY");
    for (const said of [imported.out, imported.err, shown.out, await readFile(file, "utf8")])
      expect(said).not.toContain(secret);
    const kept = await dataOf<{ name: string; from: string | null }[]>(aios, ["env", "ls"]);
    expect(kept.find(({ name }) => name === "OPENAI_API_KEY")?.from).toBe(null);
    expect((await aios.run(["config", "get", "scheduler.policy"])).out).toBe("rr\n");
  });

  test("the second family's file is shown by --dry-run, and written by none of it", async () => {
    const production = "core: {max_workers: 4, timeout_seconds: 300}\ncost_control: {daily_limit: 5.0}\n";
    await using aios = await homeWith({ "prod.yaml": production });
    const { code, out, err } = await aios.run(["config", "import", join(aios.home, "prod.yaml"), "--dry-run"]);
    expect(code, err).toBe(0);
    expect(out).toContain("maxConcurrent: 4");
    expect(err).toContain("cost_control.daily_limit");
    expect((await aios.run(["config", "get", "scheduler.maxConcurrent"])).out).toBe("64\n");
  });

  test("a configuration that is there is not replaced without --force", async () => {
    await using aios = await homeWith({ "config.yaml": "server: {port: 5000}\n", "old.yaml": classic });
    const args = ["config", "import", join(aios.home, "old.yaml")];
    const refused = await aios.run(args);
    expect(refused.code).toBe(6);
    expect(refused.err).toContain("--force");
    expect((await aios.run([...args, "--force"])).code).toBe(0);
    expect((await aios.run(["config", "get", "server.port"])).out).toBe("8000\n");
  });
});

describe("env", { timeout: timeoutMs }, () => {
  /** A provider that knows one key. */
  let provider: Server;
  let baseUrl: string;
  beforeAll(async () => {
    provider = createServer(({ headers }, response) => {
      response.statusCode = headers.authorization === `Bearer ${secret}` ? 200 : 401;
      response.end('{"object":"list","data":[{"id":"m"}]}');
    });
    provider.listen(0, "127.0.0.1");
    await once(provider, "listening");
    baseUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
  });
  afterAll(() => provider.close());

  test("a variable is read from a pipe, kept for its owner alone, tested, never shown, and forgotten", async () => {
    await using aios = await homeWith({});
    const env = { OPENAI_BASE_URL: baseUrl };
    const set = await aios.run(["env", "set", "OPENAI_API_KEY", "-"], { input: `${secret}\n`, env });
    expect(set.code, set.err).toBe(0);
    expect((await stat(join(aios.home, "env"))).mode & 0o777).toBe(process.platform === "win32" ? 0o666 : 0o600);

    const listed = await aios.run(["env", "ls"], { env });
    const listedJson = await aios.run(["env", "ls", "--json"], { env });
    const checked = await aios.run(["env", "check"], { env });
    const doctor = await aios.run(["doctor"], { env });
    expect(listed.out).toMatch(/OPENAI_API_KEY +OpenAI +kept in the home +aios llm add openai/);
    expect(checked).toMatchObject({ code: 0 });
    expect(checked.out).toMatch(/OPENAI_API_KEY +OpenAI +good/);
    for (const { out, err } of [set, listed, listedJson, checked, doctor]) expect(`${out}${err}`).not.toContain(secret);

    const other = await aios.run(["env", "check"], { env: { ...env, OPENAI_API_KEY: "sk-of-the-shell" } });
    expect(other.code).toBe(1);
    expect(other.out).toMatch(/OPENAI_API_KEY +OpenAI +refused/);
    expect(`${other.out}${other.err}`).not.toContain("sk-of-the-shell");

    expect((await aios.run(["env", "rm", "OPENAI_API_KEY"])).code).toBe(0);
    expect(await readFile(join(aios.home, "env"), "utf8")).toBe("");
    expect((await aios.run(["env", "rm", "OPENAI_API_KEY"])).code).toBe(3);
  });

  test("without a name and without a terminal nothing is asked", async () => {
    await using aios = await homeWith({});
    const { code, err } = await aios.run(["env", "set"]);
    expect(code).toBe(2);
    expect(err).toContain("aios env set");
  });

  test("llm add refers to the variable, and the core answers with the key that is kept", async () => {
    await using aios = await homeWith({});
    const missing = await aios.run(["llm", "add", "up", "--base-url", baseUrl, "--api-key", "env:UP_KEY"]);
    expect(missing.err).toContain("aios env set UP_KEY");
    const silent = await aios.run([
      "llm",
      "add",
      "later",
      "--base-url",
      baseUrl,
      "--api-key",
      "env:NO_KEY",
      "--no-test",
    ]);
    expect(silent.err).not.toContain("NO_KEY");
    await aios.run(["env", "set", "UP_KEY", "-"], { input: secret });
    const tested = await aios.run(["llm", "test", "up"]);
    expect(tested.code, tested.err).toBe(0);
    expect(tested.out).toContain("up");
    expect((await aios.run(["llm", "add", "up", "--base-url", baseUrl])).code).toBe(6);
    const file = await readFile(join(aios.home, "config.yaml"), "utf8");
    expect(file).toContain("env:UP_KEY");
    expect(file).not.toContain(secret);
  });
});

describe("doctor", { timeout: timeoutMs }, () => {
  test("a set-up that is in order exits with 0", async () => {
    await using aios = await homeWith({ "config.yaml": "server: {port: 0}\n" });
    expect(await brokenOf(aios)).toEqual({ code: 0, broken: [] });
  });

  test("names a key that is missing and a core that cannot be reached, each with its fix", async () => {
    await using aios = await homeWith({
      "config.yaml": `
server: {port: 0}
llms:
  cores:
    - {name: keyless, kind: openai, apiKey: env:NOWHERE_API_KEY}
    - {name: gone, kind: compatible, baseUrl: "http://127.0.0.1:9/v1", models: [m]}
`,
    });
    const { code, broken } = await brokenOf(aios);
    expect(code).toBe(1);
    expect(broken.map(({ check }) => check)).toEqual(["core keyless", "core gone"]);
    const [keyless, gone] = broken;
    expect(keyless?.text).toContain("NOWHERE_API_KEY");
    expect(keyless?.fix).toBe("aios env set NOWHERE_API_KEY");
    expect(gone?.text).toContain("127.0.0.1:9");
    expect(gone?.fix).toMatch(/\w/);
  });

  test("names who holds the port", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = holder.address() as AddressInfo;
    await using aios = await homeWith({ "config.yaml": `server: {port: ${port}}\n` });
    const { code, broken } = await brokenOf(aios);
    holder.close();
    expect({ code, checks: broken.map(({ check }) => check) }).toEqual({ code: 1, checks: ["port"] });
    expect(broken[0]?.text).toContain(process.platform === "linux" ? `process ${process.pid}: ` : `${port}`);
    expect(broken[0]?.fix).toContain("--port 0");
  });

  test.skipIf(process.platform === "win32")("names a home that cannot be written", async () => {
    await using aios = await homeWith({});
    // Nobody, root included, can make a folder in a file.
    const { code, broken } = await brokenOf(aios, ["--home", "/dev/null/home"]);
    expect(code).toBe(1);
    expect(broken.map(({ check }) => check)).toContain("home");
    expect(broken.find(({ check }) => check === "home")?.fix).toContain("--home");
  });

  test("names a journal that is none, and one of another program", async () => {
    await using aios = await homeWith({ "config.yaml": "server: {port: 0}\n", "journal.db": "not a database at all" });
    const none = await brokenOf(aios);
    expect(none.broken.map(({ check }) => check)).toEqual(["journal"]);
    expect(none.broken[0]?.text).toContain("is not a journal");

    const { DatabaseSync } = await import("node:sqlite");
    await mkdir(join(aios.home, "other"));
    const other = new DatabaseSync(join(aios.home, "other", "app.db"));
    other.exec("create table notes (text)");
    other.close();
    const foreign = await brokenOf(aios, [], { AIOS_JOURNAL_URL: "sqlite:other/app.db" });
    expect(foreign.broken[0]?.text).toContain("another program");
  });

  test.skipIf(process.platform === "win32")(
    "names secrets that others can read, and a kernel that was killed",
    async () => {
      await using aios = await homeWith({
        "config.yaml": "server: {port: 0}\n",
        "kernel.json": '{"pid":1,"url":"http://127.0.0.1:9","version":"0.0.0"}',
      });
      await writeFile(join(aios.home, "env"), "A=1\n", { mode: 0o644 });
      const { broken } = await brokenOf(aios);
      expect(broken).toEqual([
        expect.objectContaining({ check: "secrets", fix: `chmod go= ${join(aios.home, "env")}` }),
      ]);
      const { out } = await aios.run(["doctor", "--lang", "zh"]);
      expect(out).toContain("进程 1 未经停止便已结束");
    },
  );
});
