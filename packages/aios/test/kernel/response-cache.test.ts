import type { ArgsOf, SysEvent } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import { createMemoryCache } from "../../src/drivers/cache/memory.ts";
import { createSimCore } from "../../src/drivers/llm/sim/core.ts";
import type { Cache, CacheSettings } from "../../src/kernel/ports.ts";
import { createEmbeddingCore, vectorOf } from "../embedding-core.ts";
import { openRig } from "../rig.ts";
import type { Rig, RigOptions } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

type Chat = ArgsOf<"llm.chat">;
const say = (content: string, more: Partial<Chat> = {}): Chat => ({
  messages: [{ role: "user", content }],
  temperature: 0,
  ...more,
});

async function open(settings: Partial<CacheSettings> = {}, more: Partial<RigOptions> = {}) {
  let core: ReturnType<typeof createScriptedCore> | undefined;
  let vectors: ReturnType<typeof createEmbeddingCore> | undefined;
  const rig = await openRig({
    cores: (clock) => {
      core = createScriptedCore({
        clock,
        models: ["m", "n"],
        price: { input: 1, output: 10 },
        limits: { concurrency: 4 },
      });
      vectors = createEmbeddingCore({ clock });
      return [core, vectors];
    },
    ...more,
    settings: { ...more.settings, cache: { ttlS: 60, anyTemperature: false, ...settings } },
    cache: more.cache ?? ((clock) => createMemoryCache({ clock, maxBytes: 1_000_000 })),
  });
  return { ...rig, served: () => core?.served.length ?? 0, embedded: () => vectors?.requests.length ?? 0 };
}

const chat = async ({ client, clock }: Rig, args: Chat, [who, tenant]: [string, string?] = ["one"]) => {
  const call = async () => client(who, tenant).client.llm.chat(args);
  return clock.run(call());
};

const eventsOf = async ({ client, clock, kernel, root }: Rig, args: Chat): Promise<SysEvent[]> => {
  const read = async () => {
    const events: SysEvent[] = [];
    const caller = { principal: root, pid: client("reader").pid, onDetach: "abort" as const };
    for await (const batch of kernel.syscall("llm.chat", args, caller)) events.push(...batch);
    return events;
  };
  return clock.run(read());
};

describe("an equal request", () => {
  test("gets the answer that there was, at once, and no model is asked", async () => {
    const rig = await open();
    const first = await chat(rig, say("hello"));
    const atMs = rig.clock.nowMs();
    const second = await chat(rig, say("hello"));
    expect(second).toEqual({ ...first, isCached: true });
    expect(first.isCached).toBeUndefined();
    expect(rig.served()).toBe(1);
    expect(rig.clock.nowMs() - atMs).toBeLessThan(100);
    expect(rig.kernel.metrics().cache).toEqual({ hits: 1, misses: 1, failures: 0 });
    const { lanes } = await rig.admin.llm.lanes();
    expect(lanes.find(({ lane }) => lane === "up/m")).toMatchObject({ done: 1, cached: 1 });
  });

  test("costs nothing: no tokens, no money, no call of a budget, even where a budget is spent", async () => {
    const rig = await open();
    const { pid } = rig.client("one");
    await chat(rig, say("hello"));
    const { usage } = await rig.admin.proc.show({ pid });
    await rig.admin.proc.limits({ pid, limits: [{ resource: "calls", limit: 0 }] });
    expect((await chat(rig, say("hello"))).isCached).toBe(true);
    expect((await rig.admin.proc.show({ pid })).usage).toEqual(usage);
    await expect(chat(rig, say("something else"))).rejects.toMatchObject({ code: "EDQUOT" });
  });

  test("is one whatever way it is asked: streamed or not, from another place, in another order of members", async () => {
    const rig = await open();
    await chat(rig, { messages: [{ role: "user", content: "hello" }], maxTokens: 50, temperature: 0 });
    const again = { temperature: 0, maxTokens: 50, stream: true, callSite: "elsewhere" };
    expect((await chat(rig, { ...again, messages: [{ content: "hello", role: "user" }] }, ["two"])).isCached).toBe(
      true,
    );
    const hinted = { dialect: "openai", members: { user: "u" }, hints: ["user"] };
    expect((await chat(rig, say("hello", { maxTokens: 50, foreign: hinted }))).isCached).toBe(true);
    const noted = { dialect: "openai", members: { store: true } };
    expect((await chat(rig, say("hello", { maxTokens: 50, door: noted }))).isCached).toBe(true);
    expect(rig.served()).toBe(1);
  });

  test.each<[string, Partial<Chat>]>([
    ["the model", { model: "up/n" }],
    ["the length", { maxTokens: 51 }],
    ["the seed", { seed: 2 }],
    ["the format", { responseFormat: { type: "json" } }],
    ["a word", { messages: [{ role: "user", content: "hello " }] }],
    [
      "a hint that its own dialect answers by",
      { foreign: { dialect: "openai", members: { verbosity: "low" }, hints: ["verbosity"] } },
    ],
    [
      "a member of a format that is called as what is left out",
      {
        responseFormat: {
          type: "json-schema",
          name: "x",
          schema: { type: "object", properties: { foreign: { type: "number" } } },
        },
      },
    ],
    ["a member beyond the form", { foreign: { dialect: "openai", members: { top_k: 1 } } }],
  ])("is another one where %s differs", async (_what, more) => {
    const rig = await open();
    const schema = { type: "object", properties: { foreign: { type: "string" } } };
    const base: Partial<Chat> = {
      model: "up/m",
      maxTokens: 50,
      seed: 1,
      responseFormat: { type: "json-schema", name: "x", schema },
    };
    await chat(rig, say("hello", base));
    expect((await chat(rig, say("hello", { ...base, ...more }))).isCached).toBeUndefined();
    expect((await chat(rig, say("hello", { ...base, ...more }))).isCached).toBe(true);
  });

  test("of another tenant is another one", async () => {
    const rig = await open();
    await chat(rig, say("a secret"), ["a", "acme"]);
    expect((await chat(rig, say("a secret"), ["b", "other"])).isCached).toBeUndefined();
    expect((await chat(rig, say("a secret"), ["c", "acme"])).isCached).toBe(true);
  });

  test("is asked anew when its time is over", async () => {
    const rig = await open({ ttlS: 60 });
    await chat(rig, say("hello"));
    await rig.clock.run(rig.clock.nowMs() + 59_000);
    expect((await chat(rig, say("hello"))).isCached).toBe(true);
    await rig.clock.run(rig.clock.nowMs() + 1_000);
    expect((await chat(rig, say("hello"))).isCached).toBeUndefined();
  });

  test("is told as a normal call is: started, the pieces of a streamed answer, completed", async () => {
    const rig = await open();
    await chat(rig, say("hello"));
    const streamed = await eventsOf(rig, say("hello", { stream: true }));
    expect(streamed).toMatchObject([
      { type: "syscall.queued" },
      { type: "syscall.started", device: "up/m", waitingMs: 0, isCached: true },
      { type: "text.delta", text: "done hello" },
      { type: "syscall.completed", result: { isCached: true }, usage: { inputTokens: 0, outputTokens: 0, costUsd: 0 } },
    ]);
    const whole = await eventsOf(rig, say("hello"));
    expect(whole.map(({ type }) => type)).toEqual(["syscall.queued", "syscall.started", "syscall.completed"]);
  });
});

describe("an embedding", () => {
  test("is kept whatever its model, for the same text has the same vector", async () => {
    const rig = await open();
    const embed = async (input: string[]) => rig.client("one").client.llm.embed({ input });
    await rig.clock.run(embed(["a text"]));
    const again = await rig.clock.run(embed(["a text"]));
    expect(again).toMatchObject({ embeddings: [vectorOf("a text")], isCached: true });
    expect((await rig.clock.run(embed(["another"]))).isCached).toBeUndefined();
    expect(rig.embedded()).toBe(2);
  });
});

describe("no answer is given again", () => {
  const tools = [{ name: "now" }];
  test.each<[string, Partial<CacheSettings>, Partial<Chat>]>([
    ["where the temperature is the model's own", {}, { temperature: undefined }],
    ["above temperature 0", {}, { temperature: 0.1 }],
    [
      "with tools above temperature 0, even where any temperature is allowed",
      { anyTemperature: true },
      { temperature: 1, tools },
    ],
    ["where the provider runs tools", {}, { foreign: { dialect: "openai", members: { web_search_options: {} } } }],
    [
      "where something is said that is not known to be harmless",
      {},
      { foreign: { dialect: "x", members: { new: 1 } } },
    ],
  ])("%s", async (_why, settings, more) => {
    const rig = await open(settings);
    const args = say("hello", more);
    if (args.temperature === undefined) delete args.temperature;
    await chat(rig, args);
    expect((await chat(rig, args)).isCached).toBeUndefined();
    expect(rig.kernel.metrics().cache).toEqual({ hits: 0, misses: 0, failures: 0 });
  });

  test("but with tools at temperature 0 it is, and without tools at any temperature where that is allowed", async () => {
    const rig = await open({ anyTemperature: true });
    for (const args of [say("hello", { tools }), say("hello", { temperature: 1 })]) {
      await chat(rig, args);
      expect((await chat(rig, args)).isCached).toBe(true);
    }
  });

  test("that a budget had cut short", async () => {
    const rig = await open();
    const one = rig.client("one");
    await rig.admin.proc.limits({ pid: one.pid, limits: [{ resource: "tokens", limit: 400 }] });
    expect((await chat(rig, say("hello"))).isClamped).toBe(true);
    expect((await chat(rig, say("hello"), ["two"])).isCached).toBeUndefined();
  });

  test("that ended by its length, or failed", async () => {
    const rig = await openRig({
      cores: (clock) => [createSimCore({ clock, ttftMs: 0, outputSigma: 0, faults: { ...noFaults } })],
      settings: { cache: { ttlS: 60, anyTemperature: false } },
      cache: (clock) => createMemoryCache({ clock, maxBytes: 1_000_000 }),
    });
    const cut = say("write a lot", { maxTokens: 5 });
    expect((await chat(rig, cut)).finishReason).toBe("length");
    expect((await chat(rig, cut)).isCached).toBeUndefined();
    const wrong = say("x".repeat(200_000));
    for (let round = 0; round < 2; round++)
      await expect(chat(rig, wrong)).rejects.toMatchObject({ code: expect.stringMatching(/EINVAL|E2BIG/) as string });
    expect(rig.kernel.metrics().cache?.hits).toBe(0);
  });
});

const noFaults = { tooManyRequests: 0, serverError: 0, disconnect: 0, stall: 0, malformed: 0, slow: 0 };

describe("a store that fails", () => {
  const broken: Cache = {
    get: () => Promise.reject(new Error("down")),
    set: () => Promise.reject(new Error("down")),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };

  test("fails no call", async () => {
    const rig = await open({}, { cache: () => broken });
    expect((await chat(rig, say("hello"))).message.content).toBe("done hello");
    expect((await chat(rig, say("hello"))).isCached).toBeUndefined();
    expect(rig.kernel.metrics().cache).toEqual({ hits: 0, misses: 0, failures: 4 });
  });

  test("or holds something else than answers fails none either", async () => {
    const rig = await open({}, { cache: () => ({ ...broken, get: () => Promise.resolve("half an ans") }) });
    expect((await chat(rig, say("hello"))).message.content).toBe("done hello");
  });

  test("does not hold a client that leaves meanwhile: its call ends, and no model is asked", async () => {
    const gate = Promise.withResolvers<undefined>();
    const rig = await open({}, { cache: () => ({ ...broken, get: () => gate.promise }) });
    const abort = new AbortController();
    const call = (async () => rig.client("one").client.llm.chat(say("hello"), { signal: abort.signal }))();
    const failed = expect(call).rejects.toMatchObject({ code: "ECANCELED" });
    await rig.clock.run(rig.clock.nowMs() + 10);
    abort.abort();
    gate.resolve(undefined);
    await failed;
    await rig.clock.run(rig.clock.nowMs() + 1_000);
    expect(rig.served()).toBe(0);
  });
});
