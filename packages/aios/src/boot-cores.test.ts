import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryHome } from "../test/temporary-home.ts";
import { writeRandomModel } from "./bench/random-model.ts";
import { CoreShelf } from "./boot-cores.ts";
import { configSchema } from "./config/schema.ts";
import { realClock } from "./drivers/clock/real.ts";

const configOf = (...cores: object[]) => configSchema.parse({ llms: { cores } });
const keyed = (extra: object = {}) => ({
  name: "up",
  kind: "compatible",
  baseUrl: "http://127.0.0.1:9/v1",
  models: ["m"],
  apiKey: "env:UP_KEY",
  ...extra,
});
const sim = { name: "sim", kind: "sim" };

function shelfWith(env: Record<string, string>) {
  return new CoreShelf({ clock: realClock, env: () => ({ ...env }), home: tmpdir() });
}

test("a core whose key is not set is there and down, and the others are up", async () => {
  await using shelf = shelfWith({});
  const [up, other] = await shelf.stock(configOf(keyed(), sim));
  expect(up).toMatchObject({
    name: "up",
    down: {
      code: "ENODEV",
      message: "core up wants env:UP_KEY, and UP_KEY is not set",
      hint: "aios env set UP_KEY; then aios refresh",
      retryable: false,
    },
  });
  expect(up?.models()).toEqual([{ id: "m" }]);
  expect(other?.down).toBeUndefined();
});

test("of two keys one may be missing", async () => {
  await using shelf = shelfWith({ TWO: "k2" });
  const cores = await shelf.stock(configOf(keyed({ apiKey: ["env:UP_KEY", "env:TWO"] })));
  expect(cores.map(({ endpoint, down }) => [endpoint, down === undefined])).toEqual([
    [0, false],
    [1, true],
  ]);
});

test("a model file and a package that are not there put a core down as well", async () => {
  await using shelf = shelfWith({});
  const config = configOf(
    { name: "local", kind: "llama", modelPath: "none.gguf" },
    { name: "pack", kind: "ai-sdk", package: "no-such-package-of-a-provider", models: ["m"] },
  );
  const cores = await shelf.stock(config);
  expect(cores.map(({ down }) => down?.hint)).toEqual([
    expect.stringContaining("modelPath"),
    expect.stringContaining("npm install"),
  ]);
});

test("a key that is set later, or exchanged, counts from the next stocking on; an unchanged core is the same one", async () => {
  const env: Record<string, string> = {};
  await using shelf = shelfWith(env);
  const config = configOf(keyed(), sim);
  const [, before] = await shelf.stock(config);
  env["UP_KEY"] = "first";
  const [first, same] = await shelf.stock(config);
  expect(first?.down).toBeUndefined();
  expect(same).toBe(before);
  env["UP_KEY"] = "second";
  const [second] = await shelf.stock(config);
  expect(second).not.toBe(first);
  expect((await shelf.stock(config))[0]).toBe(second);
});

test("a change that would take down a core that was up is refused, and changes nothing", async () => {
  await using shelf = shelfWith({ UP_KEY: "k" });
  const config = configOf(keyed());
  const [before] = await shelf.stock(config);
  await expect(shelf.stock(configOf(keyed({ apiKey: "env:UP_KYE" }), sim))).rejects.toMatchObject({
    code: "EINVAL",
    message: "core up wants env:UP_KYE, and UP_KYE is not set",
  });
  expect((await shelf.stock(config))[0]).toBe(before);
});

test("weights of the hub that were pulled since make another core, those of before the same one", async () => {
  using home = temporaryHome();
  const repo = home.file("hf/hub/models--acme--m");
  const pullCommit = (commit: string): void => {
    mkdirSync(join(repo, "snapshots", commit), { recursive: true });
    mkdirSync(join(repo, "refs"), { recursive: true });
    writeRandomModel(join(repo, "snapshots", commit, "m-Q8_0.gguf"));
    writeFileSync(join(repo, "refs", "main"), commit);
  };
  await using shelf = shelfWith({ HF_HOME: home.file("hf") });
  const config = configOf({ name: "local", kind: "llama", gpu: "off", modelPath: "hf:acme/m" });
  expect((await shelf.stock(config))[0]?.down?.hint).toBe("aios llm pull hf:acme/m; then aios refresh");
  pullCommit("a".repeat(40));
  const [first] = await shelf.stock(config);
  expect(first?.down).toBeUndefined();
  expect((await shelf.stock(config))[0]).toBe(first);
  pullCommit("b".repeat(40));
  expect((await shelf.stock(config))[0]).not.toBe(first);
}, 60_000);
