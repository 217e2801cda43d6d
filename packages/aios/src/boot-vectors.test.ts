import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { openChromaServer } from "../test/chroma-server.ts";
import { describeVectorIndex } from "../test/conformance/vector-index.ts";
import { openMilvusSimulation } from "../test/milvus-simulation.ts";
import { temporaryHome } from "../test/temporary-home.ts";
import { boot } from "./boot.ts";
import { elsewhereOf } from "./boot-vectors.ts";
import { configSchema } from "./config/schema.ts";
import type { OpenVectorIndex } from "./drivers/search/vector-place.ts";

// Each starts a kernel or a server, which takes seconds where many programs share the machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const page = readFileSync(new URL("../../../docs/how-to/memory-index.md", import.meta.url), "utf8");

const configured = (index: object) =>
  configSchema.parse({
    server: { port: 0 },
    llms: { cores: [{ name: "sim", kind: "sim" }] },
    memory: { index },
  });
const around = { env: {}, key: "the home's key", isKept: true, what: "notes" as const };

test("without a word vectors are searched in the index's own thread", async () => {
  expect(await elsewhereOf(configured({}), { ...around, home: "/nowhere" })).toBeUndefined();
});

test("a package is found beside aiosjs, a secret is taken from the environment, and homes are told apart", async () => {
  const config = configured({ kind: "qdrant", token: "env:QDRANT_API_KEY" });
  const of = (key: string) =>
    elsewhereOf(config, { ...around, home: "/nowhere", key, env: { QDRANT_API_KEY: "secret" } });
  const [one, other] = [await of("one"), await of("other")];
  expect(one).toMatchObject({ url: "http://127.0.0.1:6333", token: "secret", folder: "/nowhere/index/vectors" });
  expect(one?.module).toMatch(/^file:.*@qdrant\/js-client-rest/);
  expect(one?.prefix).toMatch(/^aios-[0-9a-f]{12}$/);
  expect(one?.prefix).not.toBe(other?.prefix);
  const files = await elsewhereOf(config, {
    ...around,
    home: "/nowhere",
    key: "one",
    what: "files",
    env: { QDRANT_API_KEY: "secret" },
  });
  expect(files).toMatchObject({ kind: "qdrant", folder: "/nowhere/index/file-vectors" });
  expect(files?.prefix).not.toBe(one?.prefix);
});

test("what is not there is refused, with what to do", async () => {
  const refused = (index: object) => elsewhereOf(configured(index), { ...around, home: "/nowhere" });
  await expect(refused({ kind: "chroma", token: "env:NO_TOKEN" })).rejects.toMatchObject({
    code: "EINVAL",
    message: "memory.index.token wants env:NO_TOKEN, and NO_TOKEN is not set",
  });
  await expect(refused({ kind: "plugin", module: "not-installed-anywhere" })).rejects.toMatchObject({
    code: "EINVAL",
    message: "memory.index is of kind plugin, and the package not-installed-anywhere is not installed",
    hint: "npm install --prefix /nowhere not-installed-anywhere",
  });
  await expect(refused({ kind: "plugin", module: "./milvus.mjs" })).rejects.toMatchObject({
    message: "memory.index is of kind plugin, and there is no file /nowhere/milvus.mjs",
  });
});

test.each([
  [{ kind: "plugin" }, "module"],
  [{ kind: "chroma", module: "./x.mjs" }, "module"],
  [{ kind: "usearch", url: "http://127.0.0.1:1" }, "url"],
  [{ kind: "exact", token: "env:TOKEN" }, "token"],
  [{ kind: "chroma", token: "a secret written down" }, "token"],
  [{ kind: "chroma", url: "http://name:password@127.0.0.1:1" }, "url"],
])("%j is refused for its %s", (index, path) => {
  const { error } = configSchema.safeParse({ memory: { index } });
  expect(error?.issues.map((issue) => issue.path.join("."))).toEqual([`memory.index.${path}`]);
});

test("every line that docs/how-to/memory-index.md prints is a configuration", () => {
  const lines = [...page.matchAll(/^\| `(memory: .*?)`/gm)].map(([, line]) => parse(line ?? "") as object);
  const kinds = lines.map((line) => configSchema.parse(line).memory.index.kind);
  expect(kinds.toSorted()).toEqual(["chroma", "exact", "plugin", "qdrant", "sqlite-vec", "usearch"]);
});

/** Asks until the vectors of its notes are compared; a word with a spelling mistake is found by vectors alone. */
async function findsByVectors(home: string, config: ReturnType<typeof configured>): Promise<string[]> {
  await using system = await boot({ home, config });
  const { mem } = system.client;
  for (;;) {
    const { index } = await mem.verify({});
    if (index.vectors?.down === null && !index.vectors.isBehind) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { hits } = await mem.search({ query: "schedular" });
  return hits.map(({ note }) => note.content);
}

test("a kernel keeps vectors of notes on a Chroma server, and fills it again after it lost them", async () => {
  using home = temporaryHome();
  await using server = await openChromaServer();
  const config = configured({ kind: "chroma", url: server.url });
  {
    await using system = await boot({ home: home.dir, config: configured({}) });
    await system.client.mem.add({ content: "the scheduler preempts" });
    await system.client.mem.add({ content: "lunch with noodles" });
  }
  expect((await findsByVectors(home.dir, config))[0]).toBe("the scheduler preempts");
  expect((await findsByVectors(home.dir, config))[0]).toBe("the scheduler preempts");
});

test("a plugin of the home is what searches", async () => {
  using home = temporaryHome({
    "mine.mjs": `export const openVectorIndex = async () => ({
      driver: "mine",
      put: async () => {},
      remove: async () => {},
      nearest: async () => [{ id: "nobody's", similarity: 1 }],
      count: async () => 0,
      [Symbol.asyncDispose]: async () => {},
    });`,
  });
  expect(await findsByVectors(home.dir, configured({ kind: "plugin", module: "./mine.mjs" }))).toEqual([]);
});

describe("the worked example of docs/how-to/memory-index.md", () => {
  const folder = mkdtempSync(join(tmpdir(), "aios-plugin-"));
  const path = join(folder, "milvus.mjs");
  let server: Awaited<ReturnType<typeof openMilvusSimulation>>;
  beforeAll(async () => {
    writeFileSync(path, /```js\n(\/\/ milvus\.mjs\n[^]*?)```/.exec(page)?.[1] ?? "");
    server = await openMilvusSimulation();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  let collections = 0;
  describeVectorIndex(
    "milvus (simulated)",
    async ({ dimension }) => {
      const { openVectorIndex } = (await import(pathToFileURL(path).href)) as { openVectorIndex: OpenVectorIndex };
      const place = { module: "", url: server.url, token: "root:Milvus", folder: undefined, options: {} };
      return openVectorIndex({ ...place, collection: `aios-test-${++collections}`, dimension });
    },
    { rounds: 20 },
  );
});
