import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { commitOf, gitBlob, openHubServer, sha256 } from "../../../../test/hub-server.ts";
import type { HubFault, HubModel, HubRequest, HubServer } from "../../../../test/hub-server.ts";
import { PullFault } from "./fault.ts";
import { locateWeights } from "./locate.ts";
import { openLock } from "./lock.ts";
import { pull } from "./pull.ts";
import type { Pulled, PullEvent } from "./pull.ts";

const weights = (letter: string, bytes = 300_000): Buffer =>
  Buffer.from(Array.from({ length: bytes }, (_, index) => (index * 31 + letter.charCodeAt(0)) & 0xff));
const q4 = weights("a");
const config = Buffer.from('{"model_type": "qwen3"}\n');
const gguf: HubModel = {
  files: { "README.md": Buffer.from("# m\n"), "m-Q4_K_M.gguf": q4, "m-Q8_0.gguf": weights("b") },
  revisions: ["v1.0", "refs/pr/3"],
};

let home: string;
let servers: HubServer[];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "aios-hf-"));
  servers = [];
});
afterEach(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

async function openHub(
  models: Record<string, HubModel> = { "acme/m-GGUF": gguf },
  fault?: (request: HubRequest, n: number) => HubFault | undefined,
): Promise<HubServer & { env: Record<string, string> }> {
  const server = await openHubServer(models, fault);
  servers.push(server);
  return Object.assign(server, { env: { HF_HOME: home, HF_ENDPOINT: server.endpoint } });
}

async function pulled(
  text: string,
  env: Record<string, string>,
  signal: AbortSignal = new AbortController().signal,
): Promise<{ events: PullEvent[]; pulled: Pulled }> {
  const events: PullEvent[] = [];
  for await (const event of pull(text, { env, signal })) events.push(event);
  const last = events.at(-1);
  if (last?.is !== "pulled") throw new Error("it ended without a word");
  return { events, pulled: last.pulled };
}

const faultOf = (run: Promise<unknown>): Promise<PullFault> =>
  run.then(
    () => {
      throw new Error("it did not fail");
    },
    (cause: unknown) => {
      if (cause instanceof PullFault) return cause;
      throw cause;
    },
  );

const onCdn = (host: HubServer): HubRequest[] => host.requests.filter((each) => each.host === "cdn");
const folder = (): string => join(home, "hub", "models--acme--m-GGUF");
const partial = (): string => join(folder(), "blobs", `${sha256(q4)}.incomplete`);
const leave = (bytes: Buffer): void => {
  mkdirSync(join(folder(), "blobs"), { recursive: true });
  writeFileSync(partial(), bytes);
};

describe("a pull", () => {
  test("lays the cache out as huggingface_hub does: blob by checksum, snapshot by commit as a link, branch as a ref", async () => {
    const hub = await openHub();
    const { pulled: got } = await pulled("hf:acme/m-GGUF", hub.env);
    const commit = commitOf(gguf);
    const pointer = join(folder(), "snapshots", commit, "m-Q4_K_M.gguf");
    expect(got).toMatchObject({ path: pointer, form: "gguf", quantisation: "Q4_K_M", commit, sha256: sha256(q4) });
    expect(readlinkSync(pointer)).toBe(join("..", "..", "blobs", sha256(q4)));
    expect(readFileSync(pointer)).toEqual(q4);
    expect(readFileSync(join(folder(), "refs", "main"), "utf8")).toBe(commit);
    expect(readdirSync(join(folder(), "blobs"))).toEqual([sha256(q4)]);
  });

  test("is not made twice: what is there is looked at and kept", async () => {
    const hub = await openHub();
    await pulled("hf:acme/m-GGUF", hub.env);
    const again = await pulled("hf:acme/m-GGUF", hub.env);
    expect(again.events.map(({ is }) => is)).toEqual(["chosen", "kept", "pulled"]);
    expect(again.pulled.files).toMatchObject([{ isFetched: false }]);
    expect(onCdn(hub)).toHaveLength(1);
  });

  test("fetches a file again that was changed on the disk", async () => {
    const hub = await openHub();
    const { pulled: first } = await pulled("hf:acme/m-GGUF", hub.env);
    const bytes = Buffer.from(q4);
    bytes[1000] = bytes[1000]! ^ 1;
    writeFileSync(first.path, bytes);
    const { events } = await pulled("hf:acme/m-GGUF", hub.env);
    expect(events.map(({ is }) => is)).toContain("damaged");
    expect(readFileSync(first.path)).toEqual(q4);
  });

  test.each([
    ["a quantisation", "hf:acme/m-GGUF:q8_0", "m-Q8_0.gguf"],
    ["a path", "hf:acme/m-GGUF:m-Q8_0.gguf", "m-Q8_0.gguf"],
    ["a tag", "hf:acme/m-GGUF@v1.0", "m-Q4_K_M.gguf"],
    ["a revision with slashes", "hf:acme/m-GGUF@refs/pr/3", "m-Q4_K_M.gguf"],
    ["a commit", `hf:acme/m-GGUF@${commitOf(gguf)}`, "m-Q4_K_M.gguf"],
  ])("takes %s, and a core finds by the same words what it brought", async (_, text, name) => {
    const hub = await openHub();
    const { pulled: got } = await pulled(text, hub.env);
    expect(got.path.endsWith(name)).toBe(true);
    expect(await locateWeights(text, { core: "local", env: hub.env, form: "gguf" })).toMatchObject({ path: got.path });
  });

  test("brings all parts of a split model", async () => {
    const parts = ["big-00001-of-00002.gguf", "big-00002-of-00002.gguf"];
    const hub = await openHub({
      "acme/m-GGUF": { files: { [parts[0]!]: weights("c", 9000), [parts[1]!]: weights("d", 9000) } },
    });
    const { pulled: got } = await pulled("hf:acme/m-GGUF", hub.env);
    expect(got.files.map(({ name }) => name).toSorted()).toEqual(parts);
    expect(got.path.endsWith(parts[0]!)).toBe(true);
  });

  test("brings an ONNX graph with its weights, tokenizer and configuration; small files are checked by git's sum", async () => {
    const files = {
      "config.json": config,
      "tokenizer.json": Buffer.from("{}"),
      "onnx/model.onnx": weights("e", 4000),
      "onnx/model_q4.onnx": weights("f", 4000),
      "onnx/model_q4.onnx_data": weights("g", 5000),
      "pytorch_model.bin": weights("h", 4000),
    };
    const hub = await openHub({ "acme/o": { files } });
    const { pulled: got } = await pulled("hf:acme/o", hub.env);
    expect(got).toMatchObject({ form: "onnx", quantisation: "q4" });
    expect(got.files.map(({ name }) => name).toSorted()).toEqual(
      ["config.json", "onnx/model_q4.onnx", "onnx/model_q4.onnx_data", "tokenizer.json"].toSorted(),
    );
    expect(existsSync(join(home, "hub", "models--acme--o", "blobs", gitBlob(config)))).toBe(true);
    expect(readFileSync(join(got.path, "config.json"))).toEqual(config);
    const found = await locateWeights("hf:acme/o", { core: "local", env: hub.env, form: "onnx" });
    expect(found).toEqual({ path: got.path, quantisation: "q4" });
  });

  test("lists what there is where no file is usually meant, and where the one asked for is missing", async () => {
    const hub = await openHub({
      "acme/m-GGUF": { files: { "m-TQ1_0.gguf": weights("i", 100), "m-IQ2_XS.gguf": weights("j", 100) } },
    });
    const several = await faultOf(pulled("hf:acme/m-GGUF", hub.env));
    expect(several).toMatchObject({ fault: "severalFiles", code: "EINVAL" });
    expect(several.values["files"]).toBe("m-IQ2_XS.gguf, m-TQ1_0.gguf");
    expect(await faultOf(pulled("hf:acme/m-GGUF:Q6_K", hub.env))).toMatchObject({ fault: "noFile", code: "ENOENT" });
    expect(onCdn(hub)).toHaveLength(0);
  });
});

describe("a pull that was interrupted", () => {
  test.each([1, 1000, 150_000, q4.length - 1])(
    "goes on after %i bytes with a range, and nothing before is fetched again",
    async (n) => {
      const hub = await openHub();
      leave(q4.subarray(0, n));
      const { events, pulled: got } = await pulled("hf:acme/m-GGUF", hub.env);
      expect(events).toContainEqual({ is: "resumed", file: "m-Q4_K_M.gguf", bytes: n });
      expect(onCdn(hub).map(({ range }) => range)).toEqual([`bytes=${n}-`]);
      expect(readFileSync(got.path)).toEqual(q4);
      expect(existsSync(partial())).toBe(false);
    },
  );

  test("wants nothing more where all had come before it was killed", async () => {
    const hub = await openHub();
    leave(q4);
    expect(readFileSync((await pulled("hf:acme/m-GGUF", hub.env)).pulled.path)).toEqual(q4);
    expect(onCdn(hub)).toHaveLength(0);
  });

  test("begins again where the storage knows no ranges, or refuses this one with 416", async () => {
    for (const fault of [{ is: "no-ranges" }, { is: "status", status: 416 }] as const) {
      const hub = await openHub(undefined, ({ range }) => (range === undefined ? undefined : fault));
      leave(q4.subarray(0, 1000));
      const { pulled: got } = await pulled("hf:acme/m-GGUF", hub.env);
      expect(readFileSync(got.path)).toEqual(q4);
      rmSync(folder(), { recursive: true });
    }
  });

  /** Breaks each of the first connections when what it brings has arrived; the last that breaks brings nothing. */
  async function pulledOverBreaks(marks: readonly number[], andThen: "whole" | "nothing") {
    const reached = marks.map(() => Promise.withResolvers<void>());
    const hub = await openHub(undefined, ({ host }, n) => {
      if (host === "hub") return undefined;
      const mark = marks[n - 1];
      if (mark === undefined)
        return andThen === "whole" ? undefined : { is: "cut", afterBytes: 0, when: Promise.resolve() };
      return { is: "cut", afterBytes: mark - (marks[n - 2] ?? 0), when: reached[n - 1]!.promise };
    });
    let path: string | undefined;
    const run = async (): Promise<void> => {
      for await (const event of pull("hf:acme/m-GGUF", { env: hub.env, signal: new AbortController().signal })) {
        if (event.is === "progress") reached[marks.indexOf(event.doneBytes)]?.resolve();
        if (event.is === "pulled") path = event.pulled.path;
      }
    };
    return { hub, fault: andThen === "whole" ? await run() : await faultOf(run()), path };
  }

  test("takes a connection that breaks up again by itself", async () => {
    const { hub, path } = await pulledOverBreaks([70_000, 140_000, 210_000], "whole");
    expect(readFileSync(path!)).toEqual(q4);
    expect(onCdn(hub).map(({ range }) => range)).toEqual([undefined, "bytes=70000-", "bytes=140000-", "bytes=210000-"]);
  });

  test("gives up where a connection brings nothing, and keeps what had come", async () => {
    const { fault } = await pulledOverBreaks([70_000], "nothing");
    expect(fault).toMatchObject({ fault: "brokenOff", code: "EIO" });
    expect(readFileSync(partial()).equals(q4.subarray(0, 70_000))).toBe(true);
    expect(existsSync(join(folder(), "refs", "main"))).toBe(false);
  });

  test("ends at once when it is cancelled, and keeps what had come", async () => {
    const hub = await openHub(undefined, ({ host }) =>
      host === "cdn" ? { is: "stall", afterBytes: 70_000 } : undefined,
    );
    const controller = new AbortController();
    const run = async (): Promise<void> => {
      for await (const event of pull("hf:acme/m-GGUF", { env: hub.env, signal: controller.signal }))
        if (event.is === "progress" && event.doneBytes === 70_000) controller.abort();
    };
    await expect(run()).rejects.toMatchObject({ name: "AbortError" });
    expect(readFileSync(partial())).toEqual(q4.subarray(0, 70_000));
  });

  test("throws bytes away that are not those of the checksum, whether they came now or before", async () => {
    const hub = await openHub(undefined, ({ host }, n) =>
      host === "cdn" && n === 1 ? { is: "wrong-bytes" } : undefined,
    );
    expect(await faultOf(pulled("hf:acme/m-GGUF", hub.env))).toMatchObject({ fault: "checksum", code: "EIO" });
    expect(existsSync(partial())).toBe(false);
    leave(Buffer.alloc(1000, "y"));
    expect(await faultOf(pulled("hf:acme/m-GGUF", hub.env))).toMatchObject({ fault: "checksum" });
    expect(readFileSync((await pulled("hf:acme/m-GGUF", hub.env)).pulled.path)).toEqual(q4);
  });
});

describe("two pulls of one file", () => {
  test("fetch it once: the second waits, and finds it there", async () => {
    const hub = await openHub();
    const [first, second] = await Promise.all([pulled("hf:acme/m-GGUF", hub.env), pulled("hf:acme/m-GGUF", hub.env)]);
    expect(first.pulled.path).toBe(second.pulled.path);
    expect([first, second].filter(({ events }) => events.some(({ is }) => is === "waiting"))).toHaveLength(1);
    expect(onCdn(hub)).toHaveLength(1);
  });

  test("a pull that waits can be cancelled", async () => {
    const hub = await openHub();
    using lock = await openLock(join(home, "hub", ".locks", "models--acme--m-GGUF", `${sha256(q4)}.aios.lock`));
    expect(lock.take()).toBe(true);
    const controller = new AbortController();
    const run = async (): Promise<void> => {
      for await (const { is } of pull("hf:acme/m-GGUF", { env: hub.env, signal: controller.signal }))
        if (is === "waiting") controller.abort();
    };
    await expect(run()).rejects.toMatchObject({ name: "AbortError" });
    expect(onCdn(hub)).toHaveLength(0);
  });
});

describe("a key", () => {
  const gated = { ...gguf, key: "hf_right", isGated: true };

  test("goes to the hub alone, also where that sends on to storage elsewhere", async () => {
    const hub = await openHub({ "acme/m-GGUF": gated });
    await pulled("hf:acme/m-GGUF", { ...hub.env, HF_TOKEN: "hf_right" });
    const seen = (host: string) => hub.requests.filter((each) => each.host === host).map((each) => each.authorization);
    expect(seen("hub")).toEqual(["Bearer hf_right", "Bearer hf_right"]);
    expect(seen("cdn")).toEqual([undefined]);
  });

  test("is found where `hf auth login` has left it", async () => {
    const hub = await openHub({ "acme/m-GGUF": gated });
    writeFileSync(join(home, "token"), "hf_right\n");
    await pulled("hf:acme/m-GGUF", hub.env);
    expect(hub.requests[0]?.authorization).toBe("Bearer hf_right");
  });

  const locked = { ...gguf, key: "k" };
  test.each([
    { who: "a gated model without one", model: gated, env: {}, expected: { fault: "gated", code: "EACCES" } },
    {
      who: "a gated model with that of somebody else",
      model: gated,
      env: { HF_TOKEN: "hf_other" },
      expected: { fault: "gated", code: "EACCES" },
    },
    { who: "a private model without one", model: locked, env: {}, expected: { fault: "noRepo", code: "ENOENT" } },
    {
      who: "a private model with a wrong one",
      model: locked,
      env: { HF_TOKEN: "x" },
      expected: { fault: "wrongToken", code: "EAUTH" },
    },
  ])("$who is refused in words of its own", async ({ model, env, expected }) => {
    const hub = await openHub({ "acme/m-GGUF": model });
    expect(await faultOf(pulled("hf:acme/m-GGUF", { ...hub.env, ...env }))).toMatchObject(expected);
  });
});

describe("a hub", () => {
  test("that has no such model or revision is told apart", async () => {
    const hub = await openHub();
    expect(await faultOf(pulled("hf:acme/other", hub.env))).toMatchObject({ fault: "noRepo" });
    expect(await faultOf(pulled("hf:acme/other", { ...hub.env, HF_TOKEN: "k" }))).toMatchObject({ fault: "noRepo" });
    expect(await faultOf(pulled("hf:acme/m-GGUF@v9", hub.env))).toMatchObject({ fault: "noRevision" });
  });

  test("that wants a pause gets it, and is asked again", async () => {
    const hub = await openHub(undefined, (_, n) =>
      n === 1 ? { is: "status", status: 429, headers: { "retry-after": "0" } } : undefined,
    );
    await pulled("hf:acme/m-GGUF", hub.env);
    expect(hub.requests.filter(({ host }) => host === "cdn")).toHaveLength(2);
  });

  test("that wants a long pause is not waited for: the pull says how long", async () => {
    const hub = await openHub(undefined, () => ({ is: "status", status: 429, headers: { "retry-after": "300" } }));
    expect(await faultOf(pulled("hf:acme/m-GGUF", hub.env))).toMatchObject({
      fault: "tooMany",
      code: "EAGAIN",
      values: { when: " (300 s)" },
    });
  });

  test("that is out for longer than five tries is an error that names it", async () => {
    const hub = await openHub(undefined, () => ({ is: "status", status: 503, headers: { "retry-after": "0" } }));
    expect(await faultOf(pulled("hf:acme/m-GGUF", hub.env))).toMatchObject({
      fault: "refused",
      values: { status: 503 },
    });
    expect(hub.requests).toHaveLength(6);
  });

  test("that cannot be reached, or may not be, is told with what to do", async () => {
    const env = { HF_HOME: home, HF_ENDPOINT: "http://127.0.0.1:9" };
    expect(await faultOf(pulled("hf:acme/m-GGUF", env))).toMatchObject({ fault: "noHub", code: "EIO" });
    expect(await faultOf(pulled("hf:acme/m-GGUF", { ...env, HF_HUB_OFFLINE: "1" }))).toMatchObject({
      fault: "offline",
    });
    expect(await faultOf(pulled("hf:acme/m-GGUF", { HF_ENDPOINT: "mirror" }))).toMatchObject({ fault: "endpoint" });
  });

  test("whose list names files outside of the repository writes none of them", async () => {
    const hub = await openHub({
      "acme/m-GGUF": { files: { "../../../../evil-Q4_0.gguf": q4, "m-Q8_0.gguf": weights("b") } },
    });
    const { pulled: got } = await pulled("hf:acme/m-GGUF", hub.env);
    expect(got.files.map(({ name }) => name)).toEqual(["m-Q8_0.gguf"]);
  });
});

describe("a cache", () => {
  test("that cannot be written is named", async () => {
    const hub = await openHub();
    writeFileSync(join(home, "hub"), "a file where the folder should be");
    expect(await faultOf(pulled("hf:acme/m-GGUF", hub.env))).toMatchObject({ fault: "unwritable", code: "EACCES" });
  });

  test("without room for the file is told before anything is fetched", async () => {
    const hub = await openHub({ "acme/m-GGUF": { ...gguf, sizes: { "m-Q4_K_M.gguf": 2 ** 52 } } });
    expect(await faultOf(pulled("hf:acme/m-GGUF", hub.env))).toMatchObject({ fault: "full", code: "ENOSPC" });
    expect(onCdn(hub)).toHaveLength(0);
  });

  test("that lacks the weights of a core names the command that fetches them", async () => {
    const env = { HF_HOME: home };
    await expect(locateWeights("hf:acme/m-GGUF:Q8_0", { core: "local", env, form: "gguf" })).rejects.toMatchObject({
      code: "EINVAL",
      hint: "aios llm pull hf:acme/m-GGUF:Q8_0",
    });
  });
});
