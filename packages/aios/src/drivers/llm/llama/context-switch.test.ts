import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { asCallId, asPid, asTenantId, isSysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs, ChatResult } from "@aiosjs/sdk/protocol";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ask, contextOf } from "../../../../test/conformance/core.ts";
import { openLocalModel } from "../../../../test/local-model.ts";
import type { Core, DriverContext, DriverEvent, Snapshot } from "../../../kernel/ports.ts";
import type { LlamaCore, LlamaCoreOptions } from "./core.ts";
import { kvPath } from "./snapshot-file.ts";
import { LlamaSnapshot } from "./snapshot.ts";

type Usage = Extract<DriverEvent, { type: "result" }>["usage"];

interface Ran {
  /** What a subscriber has read. */
  readonly told: string;
  readonly result: ChatResult | undefined;
  readonly usage: Usage;
  readonly snapshot: LlamaSnapshot | undefined;
}

const asOwn = (snapshot: Snapshot): LlamaSnapshot => {
  if (snapshot instanceof LlamaSnapshot) return snapshot;
  throw new Error("the core gave another core's snapshot");
};

/** Runs a call to its result, or to where it makes way. */
async function run(core: Core, args: ChatArgs, more: Partial<DriverContext> = {}): Promise<Ran> {
  let told = "";
  let ran: Omit<Ran, "told"> = { result: undefined, usage: undefined, snapshot: undefined };
  for await (const batch of core.execute("llm.chat", args, { ...contextOf("tiny"), call: asCallId("call"), ...more }))
    for (const event of batch) {
      if (event.type === "text.delta" || event.type === "reasoning.delta") told += event.text;
      if (event.type === "tool-call.delta") told += `${event.name ?? ""}${event.arguments}`;
      if (event.type === "result") ran = { ...ran, result: event.result as ChatResult, usage: event.usage };
      if (event.type === "preempted") ran = { ...ran, snapshot: asOwn(event.snapshot) };
    }
  return { told, ...ran };
}

const program = fileURLToPath(new URL("../../../../test/programs/resume-snapshots.ts", import.meta.url));

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");

const greedy = ask("Tell me of the sea and of the land, and of what lies between them.", {
  temperature: 0,
  maxTokens: 40,
  stream: true,
});
const seeded: ChatArgs = { ...greedy, temperature: 1.2, seed: 11, presencePenalty: 0.5, frequencyPenalty: 0.3 };
const tool = {
  name: "weather",
  parameters: { type: "object", properties: { city: { type: "string", maxLength: 12 } }, required: ["city"] },
};
const tools: ChatArgs = { ...seeded, tools: [tool, { ...tool, name: "weather_tomorrow" }], toolChoice: "required" };
const form: ChatArgs = {
  ...seeded,
  responseFormat: {
    type: "json-schema",
    name: "trip",
    schema: { type: "object", properties: { to: { type: "string", maxLength: 9 }, days: { type: "integer" } } },
  },
};
const kinds = { greedy, seeded, tools, form };
const cuts = [1, 2, 3, 5, 8, 13, 21, 34];

const open = (options: Partial<LlamaCoreOptions> = {}) => openLocalModel({}, { sequences: 2, ...options });

/** The same call, without an interruption and with one after `cut` tokens; what happens in between is `meanwhile`. */
async function compare(
  core: LlamaCore,
  args: ChatArgs,
  { cut, meanwhile }: { cut: number; meanwhile: (snapshot: LlamaSnapshot) => Promise<LlamaSnapshot> },
): Promise<void> {
  const whole = await run(core, args, { pid: asPid("whole") });
  const before = await run(core, args, { pid: asPid("cut"), quantumTokens: cut });
  // Few tokens may be all there are.
  if (!before.snapshot) return expect(hashOf(before.told)).toBe(hashOf(whole.told));
  expect(before.snapshot.outputTokens).toBeGreaterThanOrEqual(cut);
  const after = await run(core, args, { pid: asPid("cut"), snapshot: await meanwhile(before.snapshot) });
  expect(hashOf(before.told + after.told)).toBe(hashOf(whole.told));
  expect(after.result?.message).toEqual(whole.result?.message);
  expect(after.result?.finishReason).toBe(whole.result?.finishReason);
  expect(after.usage).toMatchObject({
    inputTokens: whole.usage?.inputTokens,
    outputTokens: whole.usage?.outputTokens,
    wastedTokens: 0,
  });
}

describe.each(Object.entries(kinds))(
  "a call that makes way goes on token by token as if it had not (%s)",
  (_, args) => {
    let local: Awaited<ReturnType<typeof open>>;
    beforeAll(async () => {
      local = await open();
    });
    afterAll(() => local[Symbol.asyncDispose]());

    test("in its own sequence", async () => {
      for (const cut of cuts)
        await compare(local.core, args, { cut, meanwhile: (snapshot) => Promise.resolve(snapshot) });
    });

    test("in another sequence, from a file, after others took its own", async () => {
      const { core } = local;
      for (const cut of cuts)
        await compare(core, args, {
          cut,
          async meanwhile(snapshot) {
            const others = { tenant: asTenantId("other"), quantumTokens: 3 };
            const parked = [];
            for (const pid of ["a", "b"])
              parked.push(await run(core, { ...seeded, seed: cut }, { pid: asPid(pid), ...others }));
            expect(snapshot.parked.at.is).toBe("file");
            expect(snapshot.tokens).toBeGreaterThan(0);
            for (const other of parked) other.snapshot?.discard();
            return snapshot;
          },
        });
    });

    test("in another process, from what was written", async () => {
      const { core, folder, modelPath } = local;
      const calls: { args: ChatArgs; snapshot: string }[] = [];
      for (const cut of cuts) {
        const { snapshot } = await run(core, args, { pid: asPid("cut"), quantumTokens: cut });
        if (!snapshot) continue;
        await core.writeSnapshot(snapshot, join(folder, `cut-${cut}`));
        snapshot.discard();
        calls.push({ args, snapshot: `cut-${cut}` });
      }
      expect(calls.length).toBeGreaterThan(3);
      writeFileSync(join(folder, "calls.json"), JSON.stringify(calls));
      const flags = ["--conditions=aios-source", program, modelPath, folder];
      const { stdout } = await promisify(execFile)(process.execPath, flags);
      const whole = await run(core, args, { pid: asPid("whole") });
      const { inputTokens, outputTokens } = whole.usage ?? {};
      for (const other of JSON.parse(stdout) as { result: ChatResult; usage: Usage }[]) {
        expect(hashOf(JSON.stringify(other.result.message))).toBe(hashOf(JSON.stringify(whole.result?.message)));
        expect(other.usage).toMatchObject({ inputTokens, outputTokens, wastedTokens: 0 });
      }
    });
  },
);

test("a prefill is interrupted between two slices, by an abort and by a preemption, and goes on there", async () => {
  await using local = await open({ contextTokens: 2048 });
  const { core } = local;
  const long = { ...greedy, messages: [{ role: "user" as const, content: "Tell me more. ".repeat(100) }] };
  const whole = await run(core, long, { pid: asPid("whole") });
  const stepsOfAll = local.steps();
  const preempt = new AbortController();
  preempt.abort();
  const before = await run(core, long, { pid: asPid("cut"), preempt: preempt.signal });
  // One slice, then it made way.
  expect(local.steps() - stepsOfAll).toBe(1);
  expect(before.snapshot).toMatchObject({ tokens: 128, outputTokens: 0 });
  const after = await run(core, long, { pid: asPid("cut"), snapshot: before.snapshot });
  expect(after.told).toBe(whole.told);
  const stepsSoFar = local.steps();
  const abort = new AbortController();
  const aborted = run(core, long, {
    pid: asPid("gone"),
    signal: abort.signal,
    rank: () => {
      abort.abort();
      return 0;
    },
  });
  await expect(aborted).rejects.toMatchObject({ code: "ECANCELED" });
  expect(local.steps() - stepsSoFar).toBe(1);
});

test("what a process computed is there for its next call, and told as cached", async () => {
  await using local = await open();
  const first = await run(local.core, greedy);
  const messages: ChatArgs["messages"] = [
    ...greedy.messages,
    { role: "assistant", content: first.result?.message.content ?? "" },
    { role: "user", content: "And then?" },
  ];
  const second = await run(local.core, { ...greedy, messages });
  expect(first.usage?.cachedInputTokens).toBe(0);
  expect(second.usage?.cachedInputTokens).toBeGreaterThanOrEqual(first.usage?.inputTokens ?? 0);
  const stranger = await run(local.core, { ...greedy, messages }, { tenant: asTenantId("other"), pid: asPid("pid-1") });
  expect(stranger.usage?.cachedInputTokens).toBe(0);
});

describe("a snapshot is not trusted", () => {
  const failure = async (work: Promise<unknown>) => {
    const cause: unknown = await work.then(
      () => undefined,
      (error: unknown) => error,
    );
    return isSysError(cause) ? cause.code : cause;
  };

  test("where it is another tenant's, in memory and on disk", async () => {
    await using local = await open();
    const { snapshot } = await run(local.core, seeded, { quantumTokens: 5 });
    const path = join(local.folder, "mine");
    await local.core.writeSnapshot(snapshot!, path);
    const other = asTenantId("other");
    expect(await failure(run(local.core, seeded, { snapshot, tenant: other }))).toBe("EACCES");
    expect(await failure(local.core.readSnapshot(path, other))).toBe("EACCES");
  });

  test("where it is another model's or damaged", async () => {
    await using local = await open();
    await using other = await openLocalModel({ seed: 2 });
    const { snapshot } = await run(local.core, seeded, { quantumTokens: 5 });
    const path = join(local.folder, "cut");
    await local.core.writeSnapshot(snapshot!, path);
    expect(await failure(other.core.readSnapshot(path, asTenantId("local")))).toBe("ESTALE");
    writeFileSync(path, readFileSync(path, "utf8").replace('"promptTokens":', '"promptTokens":1'));
    expect(await failure(local.core.readSnapshot(path, asTenantId("local")))).toBe("EIO");
  });

  test("where its computed state is altered: the tokens are computed again, and told as wasted", async () => {
    await using local = await open();
    const whole = await run(local.core, seeded);
    const before = await run(local.core, seeded, { pid: asPid("cut"), quantumTokens: 7 });
    const path = join(local.folder, "cut");
    await local.core.writeSnapshot(before.snapshot!, path);
    const state = readFileSync(kvPath(path));
    state[state.length >> 1] = (state[state.length >> 1] ?? 0) ^ 1;
    writeFileSync(kvPath(path), state);
    const snapshot = await local.core.readSnapshot(path, asTenantId("local"));
    const after = await run(local.core, seeded, { pid: asPid("other"), snapshot });
    expect(before.told + after.told).toBe(whole.told);
    expect(after.usage?.wastedTokens).toBe(snapshot.parked.tokens);
  });

  test("where a core of another shape reads it: the tokens are computed again", async () => {
    await using local = await open();
    await using larger = await open({ modelPath: local.modelPath, contextTokens: 2048 });
    const whole = await run(local.core, greedy);
    const before = await run(local.core, greedy, { quantumTokens: 9 });
    const path = join(local.folder, "cut");
    await local.core.writeSnapshot(before.snapshot!, path);
    const snapshot = await larger.core.readSnapshot(path, asTenantId("local"));
    expect(snapshot.tokens).toBe(0);
    const after = await run(larger.core, greedy, { snapshot });
    expect(before.told + after.told).toBe(whole.told);
  });
});

test("files of computed state stay below the bound; what lost its file is computed again", async () => {
  await using local = await open({ snapshotMaxBytes: 60_000 });
  const { core } = local;
  const whole = await run(core, greedy);
  const snapshots: { pid: string; before: Ran }[] = [];
  for (const pid of ["a", "b", "c", "d", "e"])
    snapshots.push({ pid, before: await run(core, greedy, { pid: asPid(pid), quantumTokens: 10 }) });
  const kept = snapshots.map(({ before }) => (before.snapshot?.tokens ?? 0) > 0);
  // Two are in sequences and one file fits.
  expect(kept).toEqual([false, false, true, true, true]);
  for (const { pid, before } of snapshots) {
    const after = await run(core, greedy, { pid: asPid(pid), snapshot: before.snapshot });
    expect(before.told + after.told).toBe(whole.told);
  }
});

test("a snapshot that is discarded frees its file", async () => {
  await using local = await open();
  const others = { tenant: asTenantId("other"), quantumTokens: 3 };
  const { snapshot } = await run(local.core, greedy, { quantumTokens: 3 });
  for (const pid of ["a", "b"]) await run(local.core, greedy, { pid: asPid(pid), ...others });
  if (snapshot?.parked.at.is !== "file") throw new Error("it was not spilled");
  const { path } = snapshot.parked.at.file;
  expect(existsSync(path)).toBe(true);
  snapshot.discard();
  expect(snapshot.tokens).toBe(0);
  await vi.waitFor(() => expect(existsSync(path)).toBe(false));
});

test("an exact core answers the same whatever else it computes, down to the last bit", async () => {
  await using alone = await open({ isExact: true, contextTokens: 512 });
  await using busy = await open({ isExact: true, contextTokens: 512, modelPath: alone.modelPath });
  const stateOf = async (local: typeof alone, name: string): Promise<string> => {
    const path = join(local.folder, name);
    await local.lastSequence().saveStateToFile(path);
    return hashOf(readFileSync(path).toString("latin1"));
  };
  const whole = await run(alone.core, greedy);
  const state = await stateOf(alone, "alone");
  const others = run(busy.core, { ...seeded, maxTokens: 25 }, { pid: asPid("other") });
  const before = run(busy.core, greedy, { pid: asPid("cut"), quantumTokens: 12 });
  await others;
  const { snapshot, told } = await before;
  const path = join(busy.folder, "cut");
  await busy.core.writeSnapshot(snapshot!, path);
  writeFileSync(kvPath(path), "gone");
  const again = await busy.core.readSnapshot(path, asTenantId("local"));
  const after = await run(busy.core, greedy, { pid: asPid("again"), snapshot: again });
  expect(told + after.told).toBe(whole.told);
  expect(await stateOf(busy, "busy")).toBe(state);
});
