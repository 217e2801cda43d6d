// Programs that are killed alone, or are no more needed, while answers are on their way to them: tests play the program.
import { isTerminal, SysError } from "@aiosjs/sdk/protocol";
import type { Pid, SysEvent, Transport } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import type { VirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import type { Driver, Journal, ProgramDriver, Toolbox } from "../../src/kernel/ports.ts";
import { fillable } from "../fillable-journal.ts";
import { mortal } from "../mortal-journal.ts";
import { openRig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

interface Incarnation {
  readonly pid: Pid;
  readonly transport: Transport;
  die(): void;
}

/** A program that does what its test does, and `begins` so each time; it may be killed alone. */
function played(begins: (incarnation: Incarnation) => void = () => undefined) {
  const incarnations: Incarnation[] = [];
  const programs: ProgramDriver = {
    find: () => Promise.reject(new Error("it comes with its manifest")),
    run: ({ pid, transport, signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error));
        const died = Object.assign(new SysError("EIO", "the program was killed"), { isDeath: true });
        const incarnation = { pid, transport, die: () => reject(died) };
        incarnations.push(incarnation);
        begins(incarnation);
      }),
  };
  return { programs, incarnations };
}

async function open(
  journal: Journal,
  {
    clock = createVirtualClock(1_000),
    begins,
    drivers = [],
  }: { clock?: VirtualClock; begins?: (incarnation: Incarnation) => void; drivers?: readonly Driver[] } = {},
) {
  const { programs, incarnations } = played(begins);
  const cores = () => [createScriptedCore({ clock })];
  const rig = await openRig({ journal, clock, programs, cores, drivers: () => drivers });
  const settle = () => clock.run(clock.nowMs() + 5_000);
  const latest = () => incarnations.at(-1) as Incarnation;
  return { rig, clock, settle, incarnations, latest };
}

type Opened = Awaited<ReturnType<typeof open>>;

const spawn = ({ rig }: Opened) =>
  rig.admin.proc.spawn({ program: { kind: "agent", agent: { name: "played", instructions: "-" }, task: "" } });

/** A call that is read to its end, as the channel of a module does. */
function ask({ transport }: Incarnation, replayKey: string, [name, args]: [string, object] = ["proc.random", {}]) {
  const call = { ended: undefined as SysEvent | undefined };
  void (async () => {
    for await (const batch of transport.syscall(name, args, { replayKey })) call.ended = batch.find(isTerminal);
  })();
  return call;
}

test("a message whose commit waits for room on the disk is sent once, though its sender is killed meanwhile", async () => {
  const { journal, disk, written } = fillable(createMemoryJournal());
  let told: ReturnType<typeof ask> | undefined;
  const world = await open(journal, {
    begins: (incarnation) =>
      (told = ask(incarnation, "main#0", ["proc.send", { pid: incarnation.pid, body: "to itself" }])),
  });
  await world.settle();
  await spawn(world);
  // The program has begun, and its first call is on its way to the journal.
  disk.isFull = true;
  await world.clock.run(world.clock.nowMs() + 10);
  world.latest().die();
  await world.settle();
  disk.isFull = false;
  await world.settle();
  expect([world.incarnations.length, told?.ended?.type]).toEqual([2, "syscall.completed"]);
  const messages = written.flatMap((record) => (record.kind === "message" ? [record.row.seq] : []));
  expect(new Set(messages).size).toBe(1);
});

/** A kernel on the journal of one that was killed after the program's calls `a#0` and then `b#0` had ended. */
async function restarted() {
  const clock = createVirtualClock(1_000);
  const journal = createMemoryJournal();
  const dying = mortal(journal, { lastCommit: Infinity });
  const first = await open(dying, { clock });
  const { pid } = await spawn(first);
  ask(first.latest(), "a#0");
  await first.settle();
  ask(first.latest(), "b#0");
  await first.settle();
  dying.kill();
  const { journal: fillableJournal, disk } = fillable(journal);
  const second = await open(fillableJournal, { clock });
  await second.settle();
  return { ...second, pid, disk };
}

test("a program that is killed while answers are held back for it hears all of them when it is started again", async () => {
  const world = await restarted();
  ask(world.latest(), "b#0");
  ask(world.latest(), "c#0");
  await world.settle();
  world.latest().die();
  await world.settle();
  expect(world.incarnations).toHaveLength(2);
  const calls = ["c#0", "b#0", "a#0", "d#0"].map((key) => ask(world.latest(), key));
  await world.settle();
  expect(calls.map(({ ended }) => ended?.type)).toEqual(calls.map(() => "syscall.completed"));
});

test("calls whose answers are held back end with their process", async () => {
  const world = await restarted();
  const calls = ["b#0", "c#0"].map((key) => ask(world.latest(), key));
  await world.settle();
  expect(calls.map(({ ended }) => ended)).toEqual([undefined, undefined]);
  await world.rig.admin.proc.signal({ pid: world.pid, signal: "kill" });
  await world.settle();
  expect(calls.map(({ ended }) => ended !== undefined)).toEqual([true, true]);
});

test("answers that are given up before their calls wait for them end nothing else", async () => {
  const world = await restarted();
  world.disk.isFull = true;
  void world.rig
    .client("writer")
    .client.value.put({ key: "k", value: 1 })
    .then(undefined, () => undefined);
  await world.clock.run(world.clock.nowMs() + 100);
  const calls = ["b#0", "c#0"].map((key) => ask(world.latest(), key));
  await world.settle();
  world.latest().die();
  await world.settle();
  world.disk.isFull = false;
  await world.settle();
  expect(calls.map(({ ended }) => ended?.type)).toEqual(["syscall.failed", "syscall.failed"]);
  expect(world.incarnations).toHaveLength(2);
});

test("a kernel that stops does not wait for answers that are held back", async () => {
  const world = await restarted();
  const calls = ["b#0", "c#0"].map((key) => ask(world.latest(), key));
  await world.settle();
  const atMs = world.clock.nowMs();
  await world.clock.run(Promise.resolve(world.rig.kernel[Symbol.asyncDispose]()));
  expect(world.clock.nowMs() - atMs).toBeLessThan(100);
  expect(calls.map(({ ended }) => ended !== undefined)).toEqual([true, true]);
});

test("a held answer whose call is cancelled while the disk is full holds up no later one", async () => {
  const clock = createVirtualClock(1_000);
  const { journal, disk } = fillable(createMemoryJournal());
  const dying = mortal(journal, { lastCommit: Infinity });
  const first = await open(dying, { clock });
  await spawn(first);
  ask(first.latest(), "a#0");
  await first.settle();
  dying.kill();
  const second = await open(journal, { clock });
  await second.settle();
  disk.isFull = true;
  void second.rig
    .client("writer")
    .client.value.put({ key: "k", value: 1 })
    .then(undefined, () => undefined);
  await clock.run(clock.nowMs() + 100);
  const leaving = new AbortController();
  void (async () => {
    for await (const _ of second
      .latest()
      .transport.syscall("proc.random", {}, { replayKey: "a#0", signal: leaving.signal }));
  })();
  leaving.abort();
  await second.settle();
  disk.isFull = false;
  await second.settle();
  const next = ask(second.latest(), "b#0");
  await second.settle();
  expect(next.ended?.type).toBe("syscall.completed");
});

test("a process whose record cannot be read is suspended until it can be; its kernel starts all the same", async () => {
  const journal = createMemoryJournal();
  const clock = createVirtualClock(1_000);
  const dying = mortal(journal, { lastCommit: Infinity });
  const first = await open(dying, { clock });
  const { pid } = await spawn(first);
  await first.settle();
  dying.kill();
  let isDamaged = true;
  const calls = journal.calls.bind(journal);
  const damaged: Journal = Object.assign(journal, {
    calls: (query: Parameters<Journal["calls"]>[0]) =>
      isDamaged ? Promise.reject(new SysError("EIO", "the body 12ab is missing")) : calls(query),
  });
  const second = await open(damaged, { clock });
  await second.settle();
  expect(await second.rig.admin.proc.show({ pid })).toMatchObject({
    state: "suspended",
    on: "its record cannot be read: the body 12ab is missing",
  });
  isDamaged = false;
  await second.rig.admin.proc.signal({ pid, signal: "resume" });
  await second.settle();
  expect(second.incarnations).toHaveLength(1);
});

test("what a tool calls for itself ends with a program that is killed alone, and the tool's call is made again", async () => {
  const toolbox: Toolbox = {
    name: "askers",
    device: "tool",
    concurrency: 1,
    tools: () => [{ name: "ask", description: "", parameters: { type: "object" }, effect: "idempotent" }],
    async *execute(_name, _args, context) {
      await context.syscall("llm.chat", { messages: [{ role: "user", content: "nested" }] });
      yield [{ type: "result", result: { content: "asked" } }];
    },
  };
  const told: ReturnType<typeof ask>[] = [];
  const world = await open(createMemoryJournal(), {
    drivers: [toolbox],
    begins: (incarnation) => told.push(ask(incarnation, "main#0", ["tool.call", { name: "ask", arguments: {} }])),
  });
  const { pid } = await spawn(world);
  await world.clock.run(world.clock.nowMs() + 50);
  world.latest().die();
  await world.settle();
  expect(told.map(({ ended }) => ended?.type)).toEqual(["syscall.failed", "syscall.completed"]);
  const { calls } = await world.rig.admin.proc.trace({ pid });
  expect(calls.map(({ name, state }) => [name, state])).toEqual([
    ["tool.call", "done"],
    ["llm.chat", "failed"],
    ["llm.chat", "done"],
  ]);
});
