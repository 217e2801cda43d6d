import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChromaClient } from "chromadb";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { openChromaServer } from "../../../test/chroma-server.ts";
import type { ChromaServer } from "../../../test/chroma-server.ts";
import { describeSearchIndex } from "../../../test/conformance/search-index.ts";
import type { Findable, IndexStatus, SearchIndex } from "../../kernel/ports.ts";
import type { Elsewhere } from "./elsewhere.ts";
import { openSearchIndex } from "./search-index.ts";

// Each opens threads, which takes seconds where many programs share the machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "aios-elsewhere-"));
});
afterEach(() => rmSync(home, { recursive: true }));

const at = (more: Partial<Elsewhere> & Pick<Elsewhere, "kind" | "module">): Elsewhere => ({
  url: "",
  token: undefined,
  prefix: "aios-test",
  folder: undefined,
  options: {},
  ...more,
});

const text = (id: string, content: string, space = "s"): Findable => ({
  id,
  space,
  version: 1,
  text: content,
  terms: [],
  facets: {},
});
const three = [
  text("a", "the scheduler preempts"),
  text("b", "lunch with noodles"),
  text("c", "rain on the roof", "t"),
];

/** The word is misspelt: words do not find it. */
const byVectors = async (index: SearchIndex, spaces = ["s"]): Promise<readonly string[]> =>
  (await index.search({ spaces, text: "schedular", limit: 5 })).map(({ id }) => id);
const byWords = async (index: SearchIndex): Promise<readonly string[]> =>
  (await index.search({ spaces: ["s"], text: "noodles", limit: 5 })).map(({ id }) => id);

/** Asks until its vectors are as wanted; each question goes through the index's thread. */
async function until(
  index: SearchIndex,
  wanted: (vectors: NonNullable<IndexStatus["vectors"]>) => boolean,
): Promise<void> {
  for (;;) {
    const { vectors } = await index.status();
    if (vectors && wanted(vectors)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
const inLine = (index: SearchIndex): Promise<void> => until(index, ({ down, isBehind }) => down === null && !isBehind);
const down = (index: SearchIndex): Promise<void> => until(index, (vectors) => vectors.down !== null);

describeSearchIndex("sqlite with vectors in usearch", async () => {
  const index = await openSearchIndex({ elsewhere: at({ kind: "usearch", module: import.meta.resolve("usearch") }) });
  await inLine(index);
  return index;
});

describe.each(["sqlite-vec", "usearch"] as const)("vectors in %s", (kind) => {
  const elsewhere = (): Elsewhere => at({ kind, module: import.meta.resolve(kind), folder: join(home, "vectors") });

  test("are found again after the index is opened again", async () => {
    const path = join(home, "index.db");
    {
      await using index = await openSearchIndex({ path, elsewhere: elsewhere() });
      await inLine(index);
      await index.put(three);
      expect((await byVectors(index))[0]).toBe("a");
    }
    await using index = await openSearchIndex({ path, elsewhere: elsewhere() });
    await inLine(index);
    expect((await byVectors(index))[0]).toBe("a");
    expect((await index.status()).vectors).toEqual({ driver: kind, down: null, isBehind: false });
  });

  test("that were changed while they were searched elsewhere are put right", async () => {
    const path = join(home, "index.db");
    {
      await using index = await openSearchIndex({ path, elsewhere: elsewhere() });
      await inLine(index);
      await index.put(three);
    }
    {
      await using index = await openSearchIndex({ path });
      await index.remove(["a"]);
      await index.put([{ ...text("b", "a new scheduler"), version: 2 }]);
    }
    await using index = await openSearchIndex({ path, elsewhere: elsewhere() });
    await inLine(index);
    expect(await byVectors(index)).toEqual(["b"]);
  });
});

describe("vectors on a Chroma server", () => {
  let server: ChromaServer;
  beforeAll(async () => {
    server = await openChromaServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  let homes = 0;
  let elsewhere: Elsewhere;
  beforeEach(() => {
    elsewhere = at({
      kind: "chroma",
      module: import.meta.resolve("chromadb"),
      url: server.url,
      prefix: `aios-home-${++homes}`,
    });
  });
  const open = (): Promise<SearchIndex> => openSearchIndex({ path: join(home, "index.db"), elsewhere });
  const client = (): ChromaClient => new ChromaClient({ host: "127.0.0.1", port: Number(new URL(server.url).port) });
  const ownCollections = async () =>
    (await client().listCollections()).filter(({ name }) => name.startsWith(`${elsewhere.prefix}-`));

  test("are found within their spaces, and say where they are searched", async () => {
    await using index = await open();
    await inLine(index);
    await index.put(three);
    expect((await byVectors(index))[0]).toBe("a");
    expect(await byVectors(index, ["t"])).not.toContain("a");
    expect((await index.status()).vectors).toMatchObject({ driver: `chroma at ${server.url}` });
  });

  test("two homes on one server do not hear of each other", async () => {
    await using mine = await open();
    await inLine(mine);
    await mine.put(three);
    const others = { ...elsewhere, prefix: `${elsewhere.prefix}x` };
    await using theirs = await openSearchIndex({ elsewhere: others });
    await inLine(theirs);
    expect(await byVectors(theirs)).toEqual([]);
    expect((await byVectors(mine))[0]).toBe("a");
  });

  test("a vector that the server places in another space than the index does is not told", async () => {
    await using index = await open();
    await inLine(index);
    await index.put(three);
    const [collection] = await ownCollections();
    await collection?.update({ ids: ["a"], metadatas: [{ space: "t", stamp: "forged" }] });
    await collection?.upsert({
      ids: ["stranger"],
      embeddings: [Array.from({ length: 4_096 }, () => 1)],
      metadatas: [{ space: "t", stamp: "forged" }],
    });
    expect(await byVectors(index, ["t"])).toEqual([]);
  });

  test("a server that is not there costs no put and no search by words, and is caught up with when it comes", async () => {
    await server.kill();
    await using index = await open();
    await down(index);
    await index.put(three);
    expect(await byWords(index)).toEqual(["b"]);
    expect(await byVectors(index)).toEqual([]);
    await expect(index.search({ spaces: ["s"], text: "schedular", limit: 5, by: "vectors" })).rejects.toMatchObject({
      code: "ENODEV",
      message: expect.stringContaining(server.url),
    });
    await server.start();
    await inLine(index);
    expect((await byVectors(index))[0]).toBe("a");
  });

  test("what changed while the server was gone is put right: new, changed, moved and removed", async () => {
    await using index = await open();
    await inLine(index);
    await index.put([...three, text("d", "a scheduler of old"), text("e", "scheduling")]);
    await server.kill();
    await index.put([text("new", "schedules"), { ...text("d", "nothing of it"), version: 2 }]);
    await index.put([{ ...text("e", "scheduling", "t"), version: 2 }]);
    await index.remove(["a"]);
    expect(await byWords(index)).toEqual(["b"]);
    await server.start();
    await inLine(index);
    expect(await byVectors(index)).toEqual(["new"]);
    const [collection] = await ownCollections();
    expect((await collection?.get())?.ids.toSorted()).toEqual(["b", "c", "d", "e", "new"]);
    expect((await byVectors(index, ["t"]))[0]).toBe("e");
  });

  test("a collection that somebody deletes is made and filled again", async () => {
    await using index = await open();
    await inLine(index);
    await index.put(three);
    const [{ name } = { name: "" }] = await ownCollections();
    await client().deleteCollection({ name });
    expect(await byWords(index)).toEqual(["b"]);
    await inLine(index);
    expect((await byVectors(index))[0]).toBe("a");
  });

  test("a server that says nothing holds up one call, not those after it", async () => {
    await using index = await open();
    await inLine(index);
    await index.put(three);
    server.freeze();
    try {
      expect(await byWords(index)).toEqual(["b"]);
      await down(index);
      await index.put([text("new", "schedules")]);
      expect(await byWords(index)).toEqual(["b"]);
    } finally {
      server.thaw();
    }
    await inLine(index);
    expect(await byVectors(index)).toEqual(expect.arrayContaining(["a", "new"]));
  });

  test("those of an embedder that is replaced are erased", async () => {
    const embedder = { model: "own", dimension: 2 };
    {
      await using index = await openSearchIndex({ path: join(home, "index.db"), elsewhere, embedder });
      await index.put(three);
      const waiting = await index.unembedded(0, 10);
      await index.embedded(
        waiting,
        waiting.map(() => Float32Array.of(1, 0)),
      );
      await inLine(index);
    }
    await using index = await open();
    while ((await index.status()).reindexing !== null) await new Promise((resolve) => setImmediate(resolve));
    await inLine(index);
    expect(await ownCollections()).toHaveLength(1);
    expect((await byVectors(index))[0]).toBe("a");
  });
});
