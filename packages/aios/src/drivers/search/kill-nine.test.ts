import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createSeededRandom } from "../random/seeded.ts";
import type { Elsewhere } from "./elsewhere.ts";
import { openSearchIndex } from "./search-index.ts";

const ROUNDS = Number(process.env["AIOS_INDEX_KILL_ROUNDS"] ?? 4);
const program = fileURLToPath(new URL("../../../test/programs/search-load.ts", import.meta.url));
const spaces = ["space 0", "space 1", "space 2"];

interface Load {
  readonly first: number;
  readonly count: number;
  readonly embedder: "hashed" | "own";
  readonly elsewhere: Elsewhere | undefined;
}

/** Runs the load until `count` acknowledgements were read, kills it with SIGKILL, and returns those it printed whole. */
async function loadAndKill(path: string, { first, count, embedder, elsewhere }: Load): Promise<string[]> {
  const place = elsewhere === undefined ? [] : [JSON.stringify(elsewhere)];
  const child = spawn(process.execPath, [...process.execArgv, program, path, String(first), embedder, ...place], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    if (text.split("\n").length > count) child.kill("SIGKILL");
  });
  const [, signal] = (await once(child, "close")) as [number | null, string | null];
  expect(signal).toBe("SIGKILL");
  return text.split("\n").slice(0, -1);
}

test.each(["its own thread", "sqlite-vec"])(
  `after kill -9 while it is written and its vectors in %s are replaced, ${ROUNDS} times, it holds what was acknowledged, and finds exactly what it holds`,
  { timeout: 30_000 * ROUNDS },
  async (where) => {
    const home = mkdtempSync(join(tmpdir(), "aios-index-kill-"));
    const path = join(home, "index.db");
    const elsewhere: Elsewhere | undefined =
      where === "sqlite-vec"
        ? {
            kind: where,
            module: import.meta.resolve("sqlite-vec"),
            folder: join(home, "vectors"),
            url: "",
            token: undefined,
            prefix: "aios-test",
            options: {},
          }
        : undefined;
    const random = createSeededRandom(20_261_121);
    /** The greatest number that each id was acknowledged with, and whether it was put or removed then. */
    const acknowledged = new Map<string, { sign: string; number: number }>();
    let first = 1;
    for (let round = 0; round < ROUNDS; round++) {
      const embedder = round % 2 === 1 ? "own" : "hashed";
      const count = 1 + Math.floor(random.next() * 600);
      for (const line of await loadAndKill(path, { first, count, embedder, elsewhere })) {
        const [sign = "", id = "", number = ""] = line.split(" ");
        acknowledged.set(id, { sign, number: Number(number) });
      }
      const replaced: unknown[] = [];
      await using index = await openSearchIndex({ path, elsewhere, tell: (notice) => replaced.push(notice) });
      expect(replaced).toEqual([]);
      const versions = await index.versions(undefined, 10_000);
      const held = new Map(versions.map(({ id, version }) => [id, version]));
      // What was not acknowledged may be there: then it is newer, or the id was removed by a newer act.
      for (const [id, { sign, number }] of acknowledged) {
        if (sign === "+" && held.has(id)) expect(held.get(id)).toBeGreaterThanOrEqual(number);
      }
      const lost = [...acknowledged].filter(([id, { sign }]) => sign === "+" && !held.has(id));
      // At most the removals that were on their way: one of each caller.
      expect(lost.length).toBeLessThanOrEqual(8 * (round + 1));
      const byWords = (await index.search({ spaces, text: "note", limit: 100_000, by: "words" })).map(({ id }) => id);
      expect(byWords.toSorted()).toEqual([...held.keys()].toSorted());
      while ((await index.status()).reindexing !== null) await new Promise((resolve) => setImmediate(resolve));
      const isInLine = async () => (await index.status()).vectors?.isBehind !== true;
      while (!(await isInLine())) await new Promise((resolve) => setImmediate(resolve));
      const near = await index.search({ spaces, text: "note", limit: 100_000, by: "vectors" });
      expect(near.map(({ id }) => id).toSorted()).toEqual([...held.keys()].toSorted());
      for (const { id, version } of versions.slice(0, 50)) {
        for (const more of [{ terms: [`V${version}`] }, { filters: [{ facet: "version", isOneOf: [version] }] }]) {
          const found = await index.search({ spaces, text: `number${version}`, limit: 5, ...more });
          expect(found.map((hit) => hit.id)).toEqual([id]);
        }
      }
      expect(await index.status()).toMatchObject({ texts: held.size, reindexing: null });
      first = Math.max(first, ...held.values(), ...[...acknowledged.values()].map(({ number }) => number)) + 1;
    }
    expect(acknowledged.size).toBeGreaterThan(10);
    rmSync(home, { recursive: true });
  },
);
