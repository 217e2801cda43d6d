// Files found by a model's vectors, as notes are: asked for in the kernel's way, and never waited for.
import { SysError } from "@aiosjs/sdk/protocol";
import { afterEach, expect, test, vi } from "vitest";
import { createFileTools } from "../../src/boot-files.ts";
import { createEmbeddingCore } from "../embedding-core.ts";
import type { EmbeddingCoreOptions } from "../embedding-core.ts";
import { openFileRig, removeFileFolders } from "../file-rig.ts";
import { synonymVector } from "../synonym-model.ts";

// Each opens the index's thread, which takes seconds where many programs share the machine.
vi.setConfig({ testTimeout: 60_000 });

let opened = new AsyncDisposableStack();
afterEach(async () => {
  await opened.disposeAsync();
  opened = new AsyncDisposableStack();
  await removeFileFolders();
});

async function setup(upstream: Partial<EmbeddingCoreOptions> = {}) {
  const asked: string[] = [];
  const cores = (clock: EmbeddingCoreOptions["clock"]) => [
    createEmbeddingCore({
      clock,
      serviceMs: 5,
      vectors: (input) => {
        asked.push(String(input));
        return [...synonymVector(String(input))];
      },
      ...upstream,
    }),
  ];
  const times = { clock: { nowMs: () => 0, wakeAt: () => new Promise<void>(() => undefined) } };
  const fileTools = opened.use(
    createFileTools({ ...times, calendar: { timeZone: "UTC" }, embedder: { model: "vec/e" } }),
  );
  const rig = await openFileRig({ cores, fileTools });
  opened.defer(() => ended(rig.kernel[Symbol.asyncDispose]()));
  const turn = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    await rig.clock.run(rig.clock.nowMs() + 1);
  };
  /** Time goes on, a millisecond for each of the machine's, until it has settled. */
  async function ended<Value>(work: PromiseLike<Value>): Promise<Value> {
    let isSettled = false;
    const settle = (): void => void (isSettled = true);
    work.then(settle, settle);
    while (!isSettled) await turn();
    return work;
  }
  const { fs } = rig.admin;
  const search = (query: string, more: object = {}) => ended(fs.search({ query, ...more }));
  const until = async (isSo: () => Promise<boolean>): Promise<void> => {
    while (!(await isSo())) await turn();
  };
  return { rig, fs, search, ended, until, asked };
}

test("a file is found by what the configured model makes of it, and of the query", async () => {
  const { fs, search, ended, until, asked } = await setup();
  await ended(fs.write({ path: "/shared/a.md", content: "The car is in the garage." }));
  await ended(fs.write({ path: "/shared/b.md", content: "Soup wants onions." }));
  expect((await search("car", { by: "words" })).hits.map(({ path }) => path)).toEqual(["/shared/a.md"]);
  await until(async () => asked.some((text) => text.includes("garage")) && asked.some((text) => text.includes("Soup")));
  const found = async () => (await search("automobile", { by: "vectors" }).catch(() => undefined))?.hits[0]?.path;
  await until(async () => (await found()) === "/shared/a.md");
  expect(asked).toContain("automobile");
  const { hits, why } = await search("automobile");
  expect(hits[0]).toMatchObject({ path: "/shared/a.md", why: { vectors: { rank: 1 } } });
  expect(why).toBeUndefined();
});

test("while the model is down words find files, and the answer says so", async () => {
  const script = () => Promise.reject(new SysError("EIO", "the upstream is down"));
  const { fs, search, ended } = await setup({ script });
  await ended(fs.write({ path: "/shared/a.md", content: "The car is in the garage." }));
  const { hits, why } = await search("garage");
  expect(hits.map(({ path }) => path)).toEqual(["/shared/a.md"]);
  expect(why).toMatch(/^only words were looked for: /);
});
