import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openHubServer, sha256 } from "../hub-server.ts";
import type { HubServer } from "../hub-server.ts";
import { openAios, type Aios } from "./aios.ts";

const weights = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 7) & 0xff));
const model = { files: { "m-Q4_K_M.gguf": weights, "m-Q8_0.gguf": Buffer.from("8 bits") } };

describe("llm pull", { timeout: 60_000 }, () => {
  let aios: Aios;
  let hub: HubServer;
  let env: Record<string, string>;
  let isStalled: boolean;

  beforeEach(async () => {
    aios = await openAios();
    isStalled = false;
    hub = await openHubServer(
      { "acme/m-GGUF": model, "acme/closed": { ...model, key: "k", isGated: true } },
      ({ host }) => (isStalled && host === "cdn" ? { is: "stall", afterBytes: 1_000_000 } : undefined),
    );
    env = { HF_HOME: join(aios.home, "hf"), HF_ENDPOINT: hub.endpoint };
  });
  afterEach(async () => {
    await aios[Symbol.asyncDispose]();
    await hub[Symbol.asyncDispose]();
  });

  test("prints the path, and says what was chosen, its checksum and the command that uses it", async () => {
    const { code, out, err } = await aios.run(["llm", "pull", "hf:acme/m-GGUF"], { env });
    expect(code).toBe(0);
    expect(readFileSync(out.trim()).equals(weights)).toBe(true);
    expect(err).toContain("of several files Q4_K_M was chosen");
    expect(err).toContain(`sha256 ${sha256(weights)}`);
    expect(err).toContain("aios llm add m --kind llama --model-path hf:acme/m-GGUF");
    expect(err).not.toContain("\r"); // no progress where nobody watches
  });

  test("with --json is one envelope", async () => {
    const { out } = await aios.run(["llm", "pull", "hf:acme/m-GGUF:Q8_0", "--json"], { env });
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      data: {
        repo: "acme/m-GGUF",
        form: "gguf",
        quantisation: "Q8_0",
        files: [{ name: "m-Q8_0.gguf", isFetched: true }],
      },
    });
  });

  test("after kill -9 goes on where it was", async () => {
    isStalled = true;
    const { child, ended } = aios.start(["llm", "pull", "hf:acme/m-GGUF"], env);
    const blobs = join(env["HF_HOME"]!, "hub", "models--acme--m-GGUF", "blobs");
    const partial = join(blobs, `${sha256(weights)}.incomplete`);
    await expect.poll(() => sizeOf(partial), { timeout: 20_000 }).toBe(1_000_000);
    child.kill("SIGKILL");
    await ended;
    isStalled = false;
    const { out, err } = await aios.run(["llm", "pull", "hf:acme/m-GGUF"], { env });
    expect(err).toContain("goes on after 1.0 MB");
    expect(hub.requests.at(-1)?.range).toBe("bytes=1000000-");
    expect(readFileSync(out.trim()).equals(weights)).toBe(true);
  });

  test("that is interrupted ends with 130 and says that what has come stays", async () => {
    isStalled = true;
    const started = aios.start(["llm", "pull", "hf:acme/m-GGUF"], env);
    let err = "";
    started.child.stderr?.setEncoding("utf8").on("data", (piece: string) => (err += piece));
    await hub.received("cdn", 1);
    const partial = join(env["HF_HOME"]!, "hub", "models--acme--m-GGUF", "blobs", `${sha256(weights)}.incomplete`);
    await expect.poll(() => sizeOf(partial), { timeout: 20_000 }).toBe(1_000_000);
    started.child.kill("SIGINT");
    expect(await started.ended).toBe(130);
    expect(err).toContain("the same command goes on from there");
  });

  test.each([
    ["a gated model", "hf:acme/closed", 5, /is gated[\s\S]*aios env set HF_TOKEN/],
    ["a quantisation that is not there", "hf:acme/m-GGUF:Q2_K", 3, /m-Q4_K_M\.gguf, m-Q8_0\.gguf/],
    ["no reference", "acme/m-GGUF", 2, /hf:OWNER\/REPO/],
    ["a model that nobody has", "hf:acme/none", 3, /look at the spelling/],
  ])("%s: an exit code of its own, what is wrong and what to do", async (_, text, ...[exit, words]) => {
    const { code, err } = await aios.run(["llm", "pull", text], { env });
    expect(err).toMatch(words);
    expect(code).toBe(exit);
  });

  test("stored keys open gated models", async () => {
    await aios.run(["env", "set", "HF_TOKEN"], { input: "k\n" });
    expect((await aios.run(["llm", "pull", "hf:acme/closed"], { env })).code).toBe(0);
  });

  test("a core whose weights were not pulled says the command that does it", async () => {
    const add = ["llm", "add", "m", "--kind", "llama", "--model-path", "hf:acme/m-GGUF:Q8_0"];
    expect((await aios.run(add, { env })).code).toBe(0);
    const { err, out } = await aios.run(["llm", "test", "m"], { env });
    expect(err + out).toContain("aios llm pull hf:acme/m-GGUF:Q8_0");
  });
});

function sizeOf(path: string): number {
  try {
    return readFileSync(path).length;
  } catch {
    return 0;
  }
}
