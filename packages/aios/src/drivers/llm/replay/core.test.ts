import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChatArgs } from "@aiosjs/sdk/protocol";
import { describe, expect, onTestFinished, test } from "vitest";
import { ask, chat, contextOf, describeCore } from "../../../../test/conformance/core.ts";
import type { Situation } from "../../../../test/conformance/core.ts";
import { openUpstream } from "../../../../test/upstream.ts";
import type { Reply, Script } from "../../../../test/upstream.ts";
import type { Core, DriverEvent } from "../../../kernel/ports.ts";
import { realClock } from "../../clock/real.ts";
import { createVirtualClock } from "../../clock/virtual.ts";
import { createAnthropicCore } from "../anthropic/core.ts";
import { createOpenAiCore } from "../openai/core.ts";
import { createReplayCore } from "./core.ts";
import type { ReplayCoreOptions } from "./core.ts";
import type { Line } from "./line.ts";
import { recording } from "./record.ts";

const replies: Record<Situation, Reply> = {
  text: { is: "answer", reasoning: ["I ", "think."] },
  "tool-call": { is: "answer", toolCalls: [{ id: "call_1", name: "weather", arguments: '{"city":"Paris"}' }] },
  structured: { is: "answer", pieces: ['{"ci', 'ty":"Lima"}'] },
  // Recorded from one that ends, and drawn out to hours.
  endless: { is: "answer" },
  "rate-limited": { is: "status", status: 429, headers: { "retry-after": "1" }, body: { error: { message: "slow" } } },
  "broken-before": { is: "reset" },
  "broken-after": { is: "answer", breakAfterChunks: 3 },
};

async function openRecorder(script: Script) {
  const folder = await mkdtemp(join(tmpdir(), "aios-replay-"));
  const upstream = await openUpstream(script);
  const path = join(folder, "deep", "answers.jsonl");
  const { baseUrl } = upstream;
  const real = createOpenAiCore({
    name: "up",
    endpoint: 0,
    kind: "openai",
    baseUrl,
    apiKey: "sk-very-secret",
    headers: { "x-team": "hidden" },
    models: [{ id: "m" }],
  });
  const core: Core = { ...real, execute: recording(real, { path, clock: realClock }) };
  return {
    core,
    path,
    upstream,
    text: () => readFile(path, "utf8"),
    lines: async () =>
      (await readFile(path, "utf8"))
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Line),
    rewrite: (lines: readonly object[]) => writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join("")),
    replay: (options: Partial<ReplayCoreOptions> = {}) =>
      createReplayCore({ name: "up", path, clock: realClock, ...options }),
    async [Symbol.asyncDispose]() {
      await upstream[Symbol.asyncDispose]();
      await real[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}
type Recorder = Awaited<ReturnType<typeof openRecorder>>;

async function open(script: Script = () => ({ is: "answer" })): Promise<Recorder> {
  const recorder = await openRecorder(script);
  onTestFinished(() => recorder[Symbol.asyncDispose]());
  return recorder;
}

const drain = async (core: Core, args: ChatArgs): Promise<{ events: DriverEvent[]; error: unknown }> => {
  const events: DriverEvent[] = [];
  try {
    for await (const batch of core.execute("llm.chat", args, contextOf("m"))) events.push(...batch);
  } catch (error) {
    return { events, error };
  }
  return { events, error: undefined };
};

// Each request of the suite is asked of the upstream first, and recorded; the suite sees what is replayed.
describeCore("replay", async (situation) => {
  const recorder = await openRecorder(() => replies[situation]);
  let arrived = 0;
  const core: Core = {
    ...recorder.core,
    async *execute(name, args, context) {
      await drain(recorder.core, args as ChatArgs);
      const lines = await recorder.lines();
      const hours = (line: Line): Line => ({ ...line, endMs: 7_200_000 });
      if (situation === "endless") await recorder.rewrite(lines.map(hours));
      const replay = await recorder.replay({ speed: situation === "endless" ? "recorded" : "instant" });
      try {
        yield* replay.execute(name, args, context);
      } finally {
        arrived += replay.arrived;
      }
    },
  };
  return {
    core,
    model: "m",
    arrived: () => arrived,
    idle: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => recorder[Symbol.asyncDispose](),
  };
});

describe("a recording", () => {
  test("has one line per answer, and neither keys nor headers nor credentials of tools", async () => {
    const { core, text, lines, path } = await open();
    const args = ask("Hi", {
      stream: true,
      maxTokens: 9,
      callSite: "here",
      door: { dialect: "openai", members: { note: 1 } },
      foreign: {
        dialect: "openai",
        members: {
          user: "u-1",
          web: { server: "x", authorization: "Bearer abc-token", headers: { cookie: "c-token" } },
        },
        hints: ["user"],
      },
    });
    await drain(core, args);
    await drain(core, ask("Bye"));
    expect(await text()).not.toMatch(/sk-very-secret|hidden|abc-token|c-token|u-1|here/);
    const [first, second] = await lines();
    expect(first).toMatchObject({
      v: 1,
      key: expect.stringMatching(/^[0-9a-f]{64}$/),
      syscall: "llm.chat",
      core: "up",
      kind: "openai",
      model: "m",
      stream: true,
      maxTokens: 9,
      request: {
        messages: [{ role: "user", content: "Hi" }],
        foreign: ["openai", { web: { server: "x", authorization: "[left out]", headers: "[left out]" } }],
      },
      result: { finishReason: "stop", message: { content: "Hello, world." } },
    });
    expect(second).toMatchObject({ stream: false, request: { messages: [{ content: "Bye" }] } });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("lacks what was cancelled or left, and names long media by their hash", async () => {
    const { core, lines } = await open((_request, n) => ({ is: "answer", isEndless: n === 1 }));
    for await (const batch of core.execute("llm.chat", ask("left", { stream: true }), contextOf("m")))
      if (batch.some(({ type }) => type === "text.delta")) break;
    const url = `data:image/png;base64,${"A".repeat(1_000)}`;
    await drain(core, ask("", { messages: [{ role: "user", content: [{ type: "image", url }] }] }));
    const told = await lines();
    expect(told).toHaveLength(1);
    expect(JSON.stringify(told[0]?.request)).toMatch(/"data:image\/png;base64,sha256:[0-9a-f]{64}"/);
  });

  test("that cannot be written fails the call instead of lacking its answer", async () => {
    const { core, path } = await open();
    await writeFile(join(path, "..", "..", "deep"), "a file where a folder should be");
    expect((await drain(core, ask("Hi"))).error).toMatchObject({
      code: "EIO",
      retryable: false,
      message: expect.stringContaining(path),
    });
  });

  test.each([
    ["no JSON", "{", /:2 is no JSON/],
    ["another version", '{"v":9}', /:2 is of version 9, and this release reads version 1/],
    ["something else", '{"v":1,"key":"k"}', /:2 is no recorded answer: syscall/],
  ])("with a line of %s is refused, and the line is named", async (_what, line, said) => {
    const { core, path, replay, text } = await open();
    await drain(core, ask("Hi"));
    await writeFile(path, `${await text()}${line}\n`);
    await expect(replay()).rejects.toMatchObject({ code: "EINVAL", message: expect.stringMatching(said) });
  });
});

describe("a replay", () => {
  test("gives equal requests their answers in order, and the last one from then on", async () => {
    const { core, replay, upstream } = await open((_request, n) => ({ is: "answer", pieces: [`answer ${n}`] }));
    await drain(core, ask("Hi"));
    await drain(core, ask("Hi", { stream: true }));
    await drain(core, ask("other"));
    const again = await replay();
    const said = async (args: ChatArgs) => (await chat(again, contextOf("m"), args)).result.message.content;
    expect(await said(ask("other"))).toBe("answer 3");
    expect(await said(ask("Hi", { callSite: "elsewhere" }))).toBe("answer 1");
    expect(await said(ask("Hi"))).toBe("answer 2");
    expect(await said(ask("Hi", { stream: true }))).toBe("answer 2");
    expect(upstream.requests).toHaveLength(3);
  });

  test("fails and recovers as the upstream did", async () => {
    const { core, replay } = await open((_request, n) => (n === 1 ? replies["rate-limited"] : { is: "answer" }));
    await drain(core, ask("Hi"));
    await drain(core, ask("Hi"));
    const again = await replay({ name: "demo" });
    expect((await drain(again, ask("Hi"))).error).toMatchObject({
      code: "EAGAIN",
      retryable: true,
      retryAfterMs: 1_000,
      message: expect.stringContaining("core demo (recorded): "),
    });
    expect((await drain(again, ask("Hi"))).error).toBeUndefined();
  });

  test("says of a request that is not recorded which one is nearest, and what differs", async () => {
    const { core, replay } = await open();
    await drain(core, ask("Something else altogether", { temperature: 1 }));
    await drain(core, ask("What is the capital of France?", { temperature: 0.5 }));
    const { error } = await drain(await replay(), ask("What is the capital of Peru?", { temperature: 0.5 }));
    expect(error).toMatchObject({
      code: "ENOENT",
      retryable: false,
      message: expect.stringMatching(
        /answers\.jsonl:2: messages\[0\]\.content is ….* of Peru\?", recorded was ….* of France\?"$/,
      ),
    });
  });

  test("is never longer than allowed, and prefers what was asked for in the same length", async () => {
    const { core, replay } = await open((_request, n) => ({
      is: "answer",
      pieces: [`answer ${n}`],
      usage: { prompt_tokens: 3, completion_tokens: n * 10 },
    }));
    await drain(core, ask("Hi", { maxTokens: 100 }));
    await drain(core, ask("Hi", { maxTokens: 200 }));
    const again = await replay();
    const said = async (args: ChatArgs) => (await chat(again, contextOf("m"), args)).result.message.content;
    expect(await said(ask("Hi", { maxTokens: 200 }))).toBe("answer 2");
    expect(await said(ask("Hi", { maxTokens: 15 }))).toBe("answer 1");
    expect((await drain(again, ask("Hi", { maxTokens: 5 }))).error).toMatchObject({ code: "ENOENT" });
  });

  test("takes the time that it took, if it is told to", async () => {
    const { core, replay, lines, rewrite } = await open();
    await drain(core, ask("Hi", { stream: true }));
    const [line] = await lines();
    const events = (line?.events ?? [])
      .flatMap(([, batch]) => batch)
      .map((event, index) => [(index + 1) * 100, [event]]);
    await rewrite([{ ...line, events, endMs: 5_000 }]);
    const clock = createVirtualClock(0);
    const again = await replay({ clock, speed: "recorded" });
    const at: number[] = [];
    const read = async () => {
      for await (const batch of again.execute("llm.chat", ask("Hi", { stream: true }), contextOf("m")))
        if (batch.length > 0) at.push(clock.nowMs());
    };
    await clock.run(read());
    expect(at).toEqual([...events.map((_event, index) => (index + 1) * 100), 5_000]);
  });

  test("streams what was recorded in one piece, and says that it is recorded, free, and what it serves", async () => {
    const { core, replay, lines, rewrite } = await open();
    await drain(core, ask("Hi"));
    const [line] = await lines();
    await rewrite([{ ...line, events: [] }]);
    const again = await replay({ name: "demo" });
    const { events, result } = await chat(again, contextOf("m"), ask("Hi", { stream: true }));
    expect(events[0]).toEqual({ type: "text.delta", text: "Hello, world." });
    expect(result).toMatchObject({ model: "demo/m", isRecorded: true });
    expect(again).toMatchObject({ kind: "replay", isRecorded: true, isSimulated: false, serves: ["llm.chat"] });
    expect(again.models()).toEqual([{ id: "m", serves: ["llm.chat"], price: { input: 0, output: 0 } }]);
  });

  test("hands frames on to who asked in their dialect and form, and to nobody else", async () => {
    const { path, upstream, replay } = await open();
    const claude = createAnthropicCore({ name: "c", endpoint: 0, baseUrl: upstream.baseUrl, models: [{ id: "m" }] });
    onTestFinished(() => claude[Symbol.asyncDispose]());
    const execute = recording(claude, { path, clock: realClock });
    const members = { model: "c/m", max_tokens: 9, stream: true, messages: [{ role: "user", content: "Hi" }] };
    const original = { dialect: "anthropic", members, body: Buffer.from(JSON.stringify(members)) };
    const args = ask("Hi", { stream: true, maxTokens: 9 });
    const framesOf = async (core: Pick<Core, "execute">, dialect: string, stream: boolean) => {
      const events: DriverEvent[] = [];
      const context = { ...contextOf("m"), original: { ...original, dialect } };
      for await (const batch of core.execute("llm.chat", { ...args, stream }, context)) events.push(...batch);
      return Buffer.concat(events.flatMap((event) => (event.type === "frames" ? [event.bytes] : []))).toString();
    };
    const told = await framesOf({ execute }, "anthropic", true);
    expect(told).toContain("event: message_stop");
    const again = await replay();
    expect(again.dialects).toEqual(["anthropic"]);
    expect(await framesOf(again, "anthropic", true)).toBe(told);
    expect(await framesOf(again, "anthropic", false)).toBe("");
    expect(await framesOf(again, "openai", true)).toBe("");
  });
});
