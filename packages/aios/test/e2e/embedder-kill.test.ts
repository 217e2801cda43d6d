// The kernel is killed with SIGKILL while all notes are embedded anew by another model.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { boot } from "../../src/boot.ts";
import { configSchema } from "../../src/config/schema.ts";
import { synonymVector } from "../synonym-model.ts";
import { openUpstream } from "../upstream.ts";
import { openAios } from "./aios.ts";
import type { Aios } from "./aios.ts";

/** Generous: each round starts several Node processes, and the machine may be busy. */
const timeoutMs = 240_000;
const NOTES = 300;
/** Requests that are answered before each kill; then the model says nothing more. */
const ROUNDS = [1, 2, 1];
/** As the kernel asks for them. */
const BATCH = 64;

let aios: Aios;
beforeAll(async () => {
  aios = await openAios();
});
afterAll(() => aios[Symbol.asyncDispose](), timeoutMs);

test(
  "after each kill -9 it goes on where it was, the old vectors serve until the end, and index and notes agree",
  { timeout: timeoutMs },
  async () => {
    {
      const config = configSchema.parse({ server: { port: 0 }, llms: { cores: [{ name: "sim", kind: "sim" }] } });
      await using system = await boot({ home: aios.home, config, env: {} });
      const add = async (content: string) => system.client.mem.add({ content, namespace: "tenant" });
      await add("an automobile");
      await Promise.all(Array.from({ length: NOTES - 1 }, (_, number) => add(`filler ${number}`)));
      await system.client.mem.verify({ repair: true });
    }
    let left = 0;
    const answered: string[] = [];
    // Simulates an OpenAI-compatible /embeddings.
    await using upstream = await openUpstream(({ body }) => {
      if (left-- <= 0) return { is: "silence" };
      const input = body["input"] as string[];
      answered.push(...input);
      const data = input.map((text, index) => ({ index, embedding: [...synonymVector(text)] }));
      return { is: "status", status: 200, body: { data } };
    });
    writeFileSync(
      join(aios.home, "config.yaml"),
      `server: { port: 0 }
llms:
  cores: [{ name: vec, kind: compatible, baseUrl: "${upstream.baseUrl}", models: [{ id: text-embedding-x, serves: [llm.embed] }] }]
memory: { embedder: vec/text-embedding-x }
`,
    );
    for (const [round, answers] of ROUNDS.entries()) {
      const asked = upstream.requests.length;
      left = answers;
      expect(await aios.run(["up", "-d"])).toMatchObject({ code: 0 });
      await upstream.received(asked + answers + 1);
      const { pid } = JSON.parse(readFileSync(join(aios.home, "kernel.json"), "utf8")) as { pid: number };
      const { out } = await aios.run(["mem", "verify"]);
      expect(out).toContain(`re-indexing: ${new Set(answered).size} of ${NOTES}`);
      if (round === 0) {
        expect((await aios.run(["mem", "search", "automobil", "--by", "vectors"])).out).toContain("an automobile");
        expect((await aios.run(["top"])).out).toMatch(new RegExp(`^notes are embedded: \\d+ of ${NOTES}$`, "m"));
      }
      process.kill(pid, "SIGKILL");
      await upstream.idle();
    }
    left = Infinity;
    expect(await aios.run(["up", "-d"])).toMatchObject({ code: 0 });
    type Verified = { missing: string[]; orphaned: string[]; index: { reindexing: unknown } };
    let verified: Verified;
    do {
      await sleep(50);
      verified = await aios.data<Verified>(["mem", "verify"]);
    } while (verified.index.reindexing !== null);
    expect(verified).toMatchObject({ missing: [], orphaned: [], index: { embedder: "vec/text-embedding-x" } });
    expect((await aios.run(["mem", "search", "汽车", "--by", "vectors"])).out).toContain("an automobile");
    const notes = answered.filter((text) => text !== "汽车");
    expect(new Set(notes).size).toBe(NOTES);
    // What had been answered and was not yet on disk is asked for again: a batch a kill at most.
    expect(notes.length).toBeLessThanOrEqual(NOTES + ROUNDS.length * BATCH);
  },
);
