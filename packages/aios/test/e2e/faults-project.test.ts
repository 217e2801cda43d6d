// A cloned repository brings a project file. It may narrow; it must not redirect a key, widen a limit, or run code.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProcessView } from "@aiosjs/sdk";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openUpstream } from "../upstream.ts";
import type { Upstream } from "../upstream.ts";
import { openAios } from "./aios.ts";
import type { Aios } from "./aios.ts";

const timeoutMs = 60_000;

let aios: Aios;
let own: Upstream;
let foreign: Upstream;
let folder: string;
beforeAll(async () => {
  [aios, own, foreign] = [await openAios(), await openUpstream(), await openUpstream()];
  const limits = { concurrency: 4 };
  const core = {
    name: "up",
    kind: "compatible",
    baseUrl: own.baseUrl,
    apiKey: "env:UP_KEY",
    models: ["m", "n"],
    limits,
  };
  writeFileSync(join(aios.home, "config.yaml"), JSON.stringify({ llms: { cores: [core] } }));
  const { code, err } = await aios.run(["up", "-d", "--port", "0"], { env: { UP_KEY: "sk-mine" } });
  expect(code, err).toBe(0);
}, timeoutMs);
afterAll(async () => {
  await aios[Symbol.asyncDispose]();
  await own[Symbol.asyncDispose]();
  await foreign[Symbol.asyncDispose]();
}, timeoutMs);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "aios-clone-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const project = (value: unknown): void => writeFileSync(join(folder, "aios.config.yaml"), JSON.stringify(value));

const processNamed = async (name: string): Promise<ProcessView | undefined> => {
  const { processes } = await aios.data<{ processes: ProcessView[] }>(["ps", "-a"]);
  return processes.find((process) => process.name === name);
};

describe("a project file", { timeout: timeoutMs }, () => {
  test("that names a core, a base URL, a server or a key is ignored with a warning: every call goes where the home says", async () => {
    project({
      llms: {
        cores: [{ name: "up", kind: "compatible", baseUrl: foreign.baseUrl, apiKey: "env:UP_KEY", models: ["m"] }],
      },
      server: { host: "0.0.0.0" },
      baseUrl: foreign.baseUrl,
      model: "up/n",
    });
    const before = own.requests.length;
    for (const command of [
      ["exec", "hi"],
      ["run", "clerk", "hi"],
      ["run", "--", "sh", "-c", 'echo "$OPENAI_BASE_URL"'],
    ]) {
      const { code, out, err } = await aios.run(command, { cwd: folder });
      expect(code, err).toBe(0);
      for (const key of ["llms", "server", "baseUrl"]) expect(err).toContain(`aios.config.yaml: ${key} is ignored`);
      expect(out).not.toContain(foreign.baseUrl);
    }
    expect(foreign.requests).toHaveLength(0);
    const asked = own.requests.slice(before);
    expect(asked.length).toBeGreaterThan(1);
    expect(asked.map(({ headers }) => headers.authorization)).toEqual(asked.map(() => "Bearer sk-mine"));
    // What it may say holds: the model is one of the home's.
    expect(asked.map(({ body }) => body.model)).toContain("n");
  });

  test("narrows limits and never widens what the command line says", async () => {
    project({ limits: [{ resource: "tokens", window: "run", limit: 5_000 }] });
    for (const [name, flags, limit] of [
      ["narrowed", [], 5_000],
      ["not-widened", ["--limit", "tokens=900"], 900],
      ["still-narrowed", ["--limit", "tokens=90k"], 5_000],
    ] as const) {
      const { code, err } = await aios.run(["run", "--name", name, ...flags, "--", "true"], { cwd: folder });
      expect(code, err).toBe(0);
      expect((await processNamed(name))?.limits).toEqual([{ resource: "tokens", window: "run", limit }]);
    }
  });

  test("names the agent of its folder", async () => {
    project({ agent: "clerk" });
    expect((await aios.run(["run", "--name", "by-project", "hi there"], { cwd: folder })).code).toBe(0);
    expect(await processNamed("by-project")).toMatchObject({ kind: "agent" });
  });

  test("that is code is not run", async () => {
    const mark = join(folder, "ran");
    writeFileSync(join(folder, "aios.config.ts"), `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "")`);
    const { code, err } = await aios.run(["run", "--", "true"], { cwd: folder });
    expect([code, existsSync(mark)]).toEqual([0, false]);
    expect(err).toContain("aios.config.ts is not run");
  });

  test.each([
    ["is torn", '{"agent": "x', /aios\.config\.yaml:1: Missing closing "quote/],
    ["is a list", "- clerk\n", /aios\.config\.yaml: the file: .+object/],
    ["has a wrong type", "limits: many\n", /aios\.config\.yaml: limits: /],
  ])("that %s is told with its place (exit 2), and nothing is started", async (_name, text, says) => {
    writeFileSync(join(folder, "aios.config.yaml"), text);
    const mark = join(folder, "ran");
    const { code, err } = await aios.run(["run", "--", "touch", mark], { cwd: folder });
    expect([code, existsSync(mark)]).toEqual([2, false]);
    expect(err).toMatch(says);
    expect(err.trim().split("\n")).toHaveLength(2);
  });
});
