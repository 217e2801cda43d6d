import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadPackage, makeProvider } from "./load.ts";

let home: string;
let elsewhere: string;

async function install(root: string, manifest: object, files: Record<string, string>): Promise<void> {
  await mkdir(root, { recursive: true });
  await writeFile(join(root, "package.json"), JSON.stringify(manifest));
  for (const [file, text] of Object.entries(files)) await writeFile(join(root, file), text);
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "aios-load-"));
  elsewhere = await mkdtemp(join(tmpdir(), "aios-load-"));
  const at = (where: string) => ({
    "index.mjs": `export const createAcme = (options) => ({ where: "${where}", options });`,
  });
  // Only an `import` condition: `require.resolve` would not find it.
  await install(
    join(home, "node_modules", "acme"),
    { exports: { ".": { types: "./x.d.ts", import: "./index.mjs" } } },
    at("home"),
  );
  await install(join(elsewhere, "node_modules", "acme"), { exports: "./index.mjs" }, at("elsewhere"));
  await install(
    join(elsewhere, "node_modules", "@org/two"),
    { exports: { "./sub": { import: { types: "./x.d.ts", default: "./index.mjs" } } } },
    at("sub"),
  );
  await install(
    join(elsewhere, "node_modules", "old"),
    { main: "index.cjs" },
    { "index.cjs": "exports.createOld = () => ({});" },
  );
  await install(
    join(elsewhere, "node_modules", "broken"),
    { exports: "./index.mjs" },
    { "index.mjs": "throw new Error('boom');" },
  );
  await writeFile(join(home, "mine.mjs"), "export const createMine = () => ({});");
});
afterAll(async () => {
  await rm(home, { recursive: true });
  await rm(elsewhere, { recursive: true });
});

const load = (packageName: string) => loadPackage({ core: "up", packageName, folders: [home, elsewhere] });

describe("a provider package", () => {
  test("comes from the home before any other folder", async () => {
    const module = await load("acme");
    const made = makeProvider(module, { core: "up", packageName: "acme", create: [], options: { a: 1 } });
    expect(made).toEqual({ where: "home", options: { a: 1 } });
  });

  test("is found by subpath, as CommonJS, and as a file of the home", async () => {
    expect(await load("@org/two/sub")).toHaveProperty("createAcme");
    expect(await load("old")).toHaveProperty("createOld");
    expect(await load("./mine.mjs")).toHaveProperty("createMine");
  });

  test("that is nowhere is one error with the command that installs it", async () => {
    await expect(load("@ai-sdk/nowhere")).rejects.toMatchObject({
      code: "EINVAL",
      message: "core up wants the package @ai-sdk/nowhere, which is not installed",
      hint: `npm install --prefix ${home} @ai-sdk/nowhere`,
    });
    await expect(load("broken")).rejects.toMatchObject({ code: "EINVAL", message: expect.stringContaining("boom") });
  });

  test("with several providers is asked for the one that has its name, or that is configured", () => {
    const module = { createTwo: () => ({ is: "two" }), createThree: () => ({ is: "three" }) };
    const about = { core: "up", options: {} };
    expect(makeProvider(module, { ...about, packageName: "@org/two", create: [] })).toEqual({ is: "two" });
    expect(makeProvider(module, { ...about, packageName: "x", create: ["createThree"] })).toEqual({ is: "three" });
    const undecided = () => makeProvider(module, { ...about, packageName: "x", create: [] });
    expect(undecided).toThrow(/several providers: createTwo, createThree/);
    expect(() => makeProvider({}, { ...about, packageName: "x", create: [] })).toThrow(/no AI SDK provider/);
  });
});
