// A debugger holds a process's calls before they are admitted: they go on, are edited, or are answered by a person.
import { createClient, inLanes } from "@aiosjs/sdk";
import type { ArgsOf, Client } from "@aiosjs/sdk";
import { asPid } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import type { Journal } from "../../src/kernel/ports.ts";
import { mortal } from "../mortal-journal.ts";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

const manifest = { name: "talker", instructions: "Talk." };

interface World {
  readonly clock: ReturnType<typeof createVirtualClock>;
  /** What the model was asked. */
  readonly asked: string[];
  coreMs: number;
}
const newWorld = (): World => ({ clock: createVirtualClock(1_000), asked: [], coreMs: 10 });

const kernelOn = (
  world: World,
  journal: Journal = createMemoryJournal(),
  program: (client: Client) => Promise<unknown> = talk,
): Promise<Rig> =>
  openRig({
    journal,
    clock: world.clock,
    cores: (clock) => [
      createScriptedCore({
        clock,
        limits: { concurrency: 8 },
        answer: ({ messages }) => {
          const text = messages.at(-1)?.content as string;
          world.asked.push(text);
          return { role: "assistant", content: `heard ${text}` };
        },
        script: ({ context }) => clock.wakeAt(clock.nowMs() + world.coreMs, context.signal),
      }),
    ],
    programs: {
      find: () => Promise.reject(new Error("no programs here")),
      run: ({ transport }) => program(createClient(inLanes(transport))),
    },
  });

const say = async (client: Client, text: string): Promise<string> =>
  (await client.llm.chat({ messages: [{ role: "user", content: text }] })).message.content as string;

/** Waits a second, says two things, and returns what came. */
async function talk(client: Client): Promise<string[]> {
  await client.proc.sleep({ ms: 1_000 });
  return [await say(client, "one"), await say(client, "two")];
}

/** An agent with a debugger on it. */
async function debugged(rig: Rig, { clock }: World, more: Partial<ArgsOf<"proc.debug">> = {}) {
  const { pid } = await rig.admin.proc.spawn({ program: { kind: "agent", agent: manifest, task: "" } });
  const { debugger: id } = await rig.admin.proc.debug({ pid, break: ["llm.*"], waitMs: 0, ...more });
  const next = async () => {
    const { held } = await clock.run(Promise.resolve(rig.admin.proc.debug({ pid, debugger: id })));
    return held[0];
  };
  const release = async (how: Omit<ArgsOf<"proc.release">, "call"> = {}) => {
    const call = (await next())?.call ?? "";
    await rig.admin.proc.release({ call, ...how });
  };
  const end = async () => clock.run(Promise.resolve(rig.admin.proc.wait({ pid })));
  return { pid, id, next, release, end };
}

const chatOf = (content: string) => ({ messages: [{ role: "user", content }] });
const resultOf = (content: string) => ({
  message: { role: "assistant", content },
  finishReason: "stop",
  model: "a person",
  core: "debugger",
  usage: { inputTokens: 0, outputTokens: 0 },
});

describe("a debugger", () => {
  test("holds the calls that it names until it lets them go on, and shows their arguments", async () => {
    const world = newWorld();
    const rig = await kernelOn(world);
    const { pid, next, release, end } = await debugged(rig, world);
    expect(await next()).toMatchObject({ pid, name: "llm.chat", args: chatOf("one") });
    expect(world.asked).toEqual([]);
    expect(await rig.admin.proc.show({ pid })).toMatchObject({
      state: "ready",
      on: "held by a debugger: llm.chat",
      queued: 1,
    });
    const { calls } = await rig.admin.proc.trace({ pid });
    expect(calls.at(-1)).toMatchObject({ name: "llm.chat", state: "queued", device: "debugger" });
    await release();
    await release();
    expect((await end()).result).toEqual(["heard one", "heard two"]);
    const { calls: done } = await rig.admin.proc.trace({ pid });
    expect(done.map(({ device }) => device)).not.toContain("debugger");
  });

  test("steps: it holds the next call whatever it is, and the one after only where it is told to", async () => {
    const world = newWorld();
    const rig = await kernelOn(world, createMemoryJournal(), async (client) => {
      await client.proc.sleep({ ms: 1_000 });
      await say(client, "one");
      await client.proc.random();
      return say(client, "two");
    });
    const { next, release, end } = await debugged(rig, world, { break: [], step: true });
    expect(await next()).toMatchObject({ args: chatOf("one") });
    await release({ step: true });
    expect(await next()).toMatchObject({ name: "proc.random" });
    await release();
    expect((await end()).result).toBe("heard two");
  });

  test("edits a call, which is checked; what was asked and what was made of it are both on record", async () => {
    const world = newWorld();
    const rig = await kernelOn(world);
    const { pid, next, release, end } = await debugged(rig, world);
    const call = (await next())?.call ?? "";
    await expect(rig.admin.proc.release({ call, args: { messages: "none" } })).rejects.toMatchObject({
      code: "EINVAL",
    });
    await release({ args: chatOf("other") });
    await release();
    expect((await end()).result).toEqual(["heard other", "heard two"]);
    expect(world.asked).toEqual(["other", "two"]);
    expect((await rig.journal.call(call as never))?.request).toMatchObject(chatOf("other"));
    const edit = (await rig.events()).find(({ topic }) => topic === "debugger.edited");
    expect(edit).toMatchObject({ pid, body: { call, asked: chatOf("one") } });
  });

  test("answers in a device's place, with a result that is checked or with an error", async () => {
    const world = newWorld();
    const rig = await kernelOn(world, createMemoryJournal(), async (client) => {
      await client.proc.sleep({ ms: 1_000 });
      return [await say(client, "one"), await say(client, "two").catch((cause: { code: string }) => cause.code)];
    });
    const { next, release, end } = await debugged(rig, world);
    const call = (await next())?.call ?? "";
    await expect(rig.admin.proc.release({ call, result: {} })).rejects.toMatchObject({ code: "EINVAL" });
    await expect(rig.admin.proc.release({ call, args: chatOf("x"), result: resultOf("said") })).rejects.toMatchObject({
      code: "EINVAL",
    });
    await release({ result: resultOf("said") });
    await release({ error: { code: "EPOLICY", message: "not today" } });
    expect((await end()).result).toEqual(["said", "EPOLICY"]);
    expect(world.asked).toEqual([]);
  });

  test("that leaves, by word, by cancelling or by silence, lets everything go on", async () => {
    for (const way of ["word", "cancel", "silence"] as const) {
      const world = newWorld();
      const rig = await kernelOn(world);
      const { pid, id, next, end } = await debugged(rig, world);
      await next();
      const before = world.clock.nowMs();
      if (way === "word") await rig.admin.proc.debug({ pid, debugger: id, detach: true });
      if (way === "cancel") {
        const leave = new AbortController();
        const waiting = rig.admin.proc.debug({ pid, debugger: id }, { signal: leave.signal }).then(undefined, () => 0);
        await world.clock.run(before + 100);
        leave.abort();
        await waiting;
      }
      expect({ way, result: (await end()).result }).toEqual({ way, result: ["heard one", "heard two"] });
      const tookMs = world.clock.nowMs() - before;
      if (way === "silence") expect(tookMs).toBeGreaterThan(4_000);
      else expect(tookMs).toBeLessThan(1_000);
      expect((await rig.events()).map(({ topic }) => topic)).toContain("debugger.detached");
      await expect(rig.admin.proc.debug({ pid })).rejects.toMatchObject({ code: "ESRCH" });
    }
  });

  test("may think as long as it asks: no call's time runs out meanwhile", async () => {
    const world = newWorld();
    const rig = await kernelOn(world);
    const { pid, id, next, end } = await debugged(rig, world);
    await next();
    for (let turn = 0; turn < 100; turn++)
      await world.clock.run(Promise.resolve(rig.admin.proc.debug({ pid, debugger: id })));
    await rig.admin.proc.debug({ pid, debugger: id, detach: true });
    expect((await end()).result).toEqual(["heard one", "heard two"]);
  });

  test("is alone on a process, is no process itself, and sees no other tenant's", async () => {
    const world = newWorld();
    const rig = await kernelOn(world);
    const { pid, next } = await debugged(rig, world);
    await expect(rig.admin.proc.debug({ pid })).rejects.toMatchObject({ code: "EBUSY" });
    const call = (await next())?.call ?? "";
    const program = createClient(rig.kernel.transport({ ...rig.root, pid: asPid(pid) }));
    await expect(program.proc.debug({ pid })).rejects.toMatchObject({ code: "EACCES" });
    await expect(program.proc.release({ call })).rejects.toMatchObject({ code: "EACCES" });
    const stranger = createClient(rig.kernel.transport({ ...rig.root, tenant: "x" as never, scopes: ["proc.*"] }));
    await expect(stranger.proc.debug({ pid })).rejects.toMatchObject({ code: "ESRCH" });
    await expect(stranger.proc.release({ call })).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("holds calls of foreign clients, and a process that is killed while held ends", async () => {
    const world = newWorld();
    const rig = await kernelOn(world);
    const { pid, chat } = rig.client("foreign");
    const { debugger: id } = await rig.admin.proc.debug({ pid, waitMs: 0 });
    const answer = chat("hello");
    const { held } = await world.clock.run(Promise.resolve(rig.admin.proc.debug({ pid, debugger: id })));
    await rig.admin.proc.release({ call: held[0]?.call ?? "", args: chatOf("good day") });
    expect((await world.clock.run(answer)).message.content).toBe("heard good day");
    const lost = chat("again").then(undefined, (cause: { code: string }) => cause.code);
    await world.clock.run(Promise.resolve(rig.admin.proc.debug({ pid, debugger: id })));
    await rig.admin.proc.signal({ pid, signal: "kill" });
    expect(await lost).toBe("ECANCELED");
    expect(await rig.admin.proc.debug({ pid, debugger: id })).toMatchObject({ held: [], hasEnded: true });
  });
});

describe("an edited call", () => {
  test("is told again as it was answered, and made again as it was edited, when its kernel is killed", async () => {
    const world = newWorld();
    const journal = createMemoryJournal();
    const dying = mortal(journal, { lastCommit: Infinity });
    const first = await kernelOn(world, dying);
    const { pid, release, next } = await debugged(first, world);
    await release({ args: chatOf("uno") });
    await next();
    world.coreMs = 60_000;
    await release({ args: chatOf("due") });
    await world.clock.run(world.clock.nowMs() + 1_000);
    expect(world.asked).toEqual(["uno"]);
    dying.kill();
    world.coreMs = 10;
    const second = await kernelOn(world, journal);
    const exit = await world.clock.run(Promise.resolve(second.admin.proc.wait({ pid })));
    expect(exit.result).toEqual(["heard uno", "heard due"]);
    expect(world.asked).toEqual(["uno", "due"]);
  });
});
