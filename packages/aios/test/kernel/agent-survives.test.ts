import type { AssistantMessage, ChatArgs, Effect, Exit, ManifestInput } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import type { VirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { createPrograms } from "../../src/drivers/proc/programs.ts";
import type { Journal, Toolbox } from "../../src/kernel/ports.ts";
import { mortal } from "../mortal-journal.ts";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

const manifest: ManifestInput = { name: "walker", instructions: "Walk.", tools: ["step"], maxSteps: 50 };
const STEPS = 3;

/** Two tools at once in each of three turns, then the sum of what they said. */
function walk({ messages }: ChatArgs): AssistantMessage {
  const answers = messages.filter(({ role }) => role === "tool");
  const turn = answers.length / 2;
  if (turn >= STEPS) return { role: "assistant", content: answers.map(({ content }) => content as string).join(" ") };
  const call = (name: string) => ({
    id: `${turn}${name}`,
    name: "step",
    arguments: JSON.stringify({ at: `${turn}${name}` }),
  });
  return { role: "assistant", content: null, toolCalls: [call("a"), call("b")] };
}

interface World {
  /** Where the tool has been, in order. */
  readonly effects: string[];
  readonly chats: { count: number };
}

/** A tool whose doings outlive the kernel. */
const stepTool = (clock: VirtualClock, { effects }: World, effect: Effect): Toolbox => ({
  name: "steps",
  device: "tool",
  concurrency: 8,
  tools: () => [{ name: "step", description: "", parameters: { type: "object" }, effect }],
  async *execute(_name, args, { signal }) {
    const { at } = (args as { arguments: { at: string } }).arguments;
    effects.push(at);
    await clock.wakeAt(clock.nowMs() + (at.endsWith("a") ? 20 : 10), signal);
    yield [{ type: "result", result: { content: `was at ${at}` } }];
  },
});

async function kernelOn(journal: Journal, world: World, { clock, effect }: { clock: VirtualClock; effect: Effect }) {
  return openRig({
    journal,
    clock,
    cores: () => [
      createScriptedCore({
        clock,
        answer: walk,
        limits: { concurrency: 4 },
        script: () => void world.chats.count++,
      }),
    ],
    drivers: () => [stepTool(clock, world, effect)],
    programs: createPrograms({ folders: [] }),
  });
}

const spawn = (rig: Rig) =>
  rig.admin.proc.spawn({ program: { kind: "agent", agent: manifest, task: "go" } }).then(({ pid }) => pid);

async function finished(rig: Rig, pid: string): Promise<Exit> {
  const exit = rig.admin.proc.wait({ pid });
  return rig.clock.run(Promise.resolve(exit));
}

const newWorld = (): World => ({ effects: [], chats: { count: 0 } });

/** The same without a kill: what everything is compared with. */
async function undisturbed(effect: Effect) {
  const world = newWorld();
  const journal = createMemoryJournal();
  const watched = mortal(journal, { lastCommit: Infinity });
  const rig = await kernelOn(watched, world, { clock: createVirtualClock(1_000), effect });
  const exit = await finished(rig, await spawn(rig));
  return { exit, world, commits: watched.commits };
}

describe("an agent whose kernel is killed", () => {
  test("goes on where it was, at every commit at which it can be killed, and comes to the same end", async () => {
    const { exit: expected, commits, world: calm } = await undisturbed("idempotent");
    expect(expected).toMatchObject({ code: 0, result: "was at 0a was at 0b was at 1a was at 1b was at 2a was at 2b" });
    expect(commits).toBeGreaterThan(10);
    let kills = 0;
    for (let lastCommit = 1; lastCommit < commits; lastCommit++)
      for (const isAcknowledged of [true, false]) {
        const world = newWorld();
        const journal = createMemoryJournal();
        const clock = createVirtualClock(1_000);
        const death = Promise.withResolvers<void>();
        const first = await kernelOn(mortal(journal, { lastCommit, isAcknowledged, onDeath: death.resolve }), world, {
          clock,
          effect: "idempotent",
        });
        void spawn(first).then(undefined, () => undefined);
        await clock.run(death.promise);
        const second = await kernelOn(journal, world, { clock, effect: "idempotent" });
        const { processes } = await second.admin.proc.list({ all: true });
        const walker = processes.find(({ name }) => name === "walker");
        // Nobody was told of it: the spawn itself was lost.
        if (!walker) continue;
        kills++;
        const exit = await finished(second, walker.pid);
        const where = { lastCommit, isAcknowledged };
        expect({ ...where, exit }).toEqual({ ...where, exit: expected });
        // At least once, in the order of the turns; what is on record is not done again.
        expect(new Set(world.effects)).toEqual(new Set(calm.effects));
        expect(world.effects.length).toBeLessThanOrEqual(calm.effects.length + 2);
        expect(world.chats.count).toBeLessThanOrEqual(calm.chats.count + 1);
        const { calls } = await second.admin.proc.trace({ pid: walker.pid });
        expect(calls.filter(({ state }) => state !== "done")).toEqual([]);
        expect(new Set(calls.map(({ seq }) => seq)).size).toBe(calls.length);
      }
    expect(kills).toBeGreaterThan(10);
  });

  test("never repeats an unsafe effect by itself: a person says whether it happened", async () => {
    const world = newWorld();
    const journal = createMemoryJournal();
    const clock = createVirtualClock(1_000);
    const death = Promise.withResolvers<void>();
    const dying = mortal(journal, { lastCommit: Infinity });
    const first = await kernelOn(dying, world, { clock, effect: "unsafe" });
    const pid = await spawn(first);
    // The kernel dies when the first tool has done what it does.
    void (async () => {
      while (world.effects.length === 0) await clock.wakeAt(clock.nowMs() + 1, new AbortController().signal);
      death.resolve();
    })();
    await clock.run(death.promise);
    dying.kill();
    const before = [...world.effects];
    const second = await kernelOn(journal, world, { clock, effect: "unsafe" });
    await clock.run(clock.nowMs() + 5_000);
    expect(world.effects.filter((at) => before.includes(at))).toEqual(before);
    const { approvals } = await second.admin.approval.list();
    expect(approvals.map((approval) => approval.pid)).toContain(pid);
    expect(approvals).toHaveLength(2);
    const [known, unknown] = approvals as [(typeof approvals)[number], (typeof approvals)[number]];
    await second.admin.approval.answer({ id: known.id, isApproved: true, result: { content: "was at 0a" } });
    await second.admin.approval.answer({ id: unknown.id, isApproved: false });
    await clock.run(clock.nowMs() + 5_000);
    expect((await second.admin.approval.list()).approvals).toEqual([]);
    const exit = await finished(second, pid);
    expect(exit.code).toBe(0);
    expect(world.effects.filter((at) => before.includes(at))).toEqual(before);
    expect(String(exit.result)).toContain("EAMBIGUOUS");
  });
});
