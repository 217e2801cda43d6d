// In which order a program hears what its calls come to: tests play the program.
import type { SysEvent, Transport } from "@aiosjs/sdk/protocol";
import { isTerminal } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import type { Journal, ProgramDriver } from "../../src/kernel/ports.ts";
import { mortal } from "../mortal-journal.ts";
import { openRig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

/** A program that does nothing but hand out its way into the kernel. */
function played() {
  const begun = Promise.withResolvers<Transport>();
  const programs: ProgramDriver = {
    find: () => Promise.reject(new Error("it comes with its manifest")),
    run: ({ transport }) => {
      begun.resolve(transport);
      return new Promise(() => undefined);
    },
  };
  return { programs, transport: begun.promise };
}

async function open(journal: Journal, clock = createVirtualClock(1_000)) {
  const { programs, transport } = played();
  const rig = await openRig({ journal, clock, programs, cores: () => [createScriptedCore({ clock })] });
  const settle = () => clock.run(clock.nowMs() + 5_000);
  return { rig, clock, transport, settle };
}

type Opened = Awaited<ReturnType<typeof open>>;

const start = async ({ rig, transport }: Opened) => {
  await rig.admin.proc.spawn({ program: { kind: "agent", agent: { name: "played", instructions: "-" }, task: "" } });
  return transport;
};

/** A call that is read at once, as programs do; `ended` is set when the program has heard how. */
function ask(transport: Transport, replayKey: string) {
  const call = { ended: undefined as SysEvent | undefined };
  void (async () => {
    for await (const batch of transport.syscall("proc.random", {}, { replayKey })) call.ended = batch.find(isTerminal);
  })();
  return call;
}

/** One that is read piece by piece. */
const open1 = (transport: Transport, replayKey: string) =>
  transport.syscall("llm.chat", { messages: [{ role: "user", content: "hi" }] }, { replayKey })[Symbol.asyncIterator]();

test("what ended first is heard first, though its reader is slow", async () => {
  const world = await open(createMemoryJournal());
  const transport = await start(world);
  const slow = open1(transport, "slow#0");
  await slow.next();
  await world.settle();
  const quick = ask(transport, "quick#0");
  await world.settle();
  expect(quick.ended).toBeUndefined();
  for (let isOver = false; !isOver;) isOver = ((await slow.next()).value as SysEvent[]).some(isTerminal);
  await world.settle();
  expect(quick.ended?.type).toBe("syscall.completed");
});

async function restarted(calls: (transport: Transport, world: Opened) => Promise<void>) {
  const clock = createVirtualClock(1_000);
  const journal = createMemoryJournal();
  const dying = mortal(journal, { lastCommit: Infinity });
  const first = await open(dying, clock);
  await calls(await start(first), first);
  await first.settle();
  dying.kill();
  const second = await open(journal, clock);
  return { ...second, program: await second.transport };
}

test("a new answer waits until all recorded ones are handed out: a third start would hear it after them", async () => {
  const world = await restarted(async (transport) => {
    ask(transport, "a#0");
    ask(transport, "b#0");
  });
  const fresh = ask(world.program, "c#0");
  const first = ask(world.program, "a#0");
  await world.settle();
  expect([first.ended?.type, fresh.ended]).toEqual(["syscall.completed", undefined]);
  ask(world.program, "b#0");
  await world.settle();
  expect(fresh.ended?.type).toBe("syscall.completed");
});

test("recorded answers come in the order in which they came, each when the one before has been taken", async () => {
  const world = await restarted(async (transport, first) => {
    const slow = open1(transport, "slow#0");
    for (let isOver = false; !isOver;) {
      const next = slow.next();
      await first.settle();
      isOver = ((await next).value as SysEvent[]).some(isTerminal);
    }
    ask(transport, "quick#0");
  });
  const quick = ask(world.program, "quick#0");
  await world.settle();
  expect(quick.ended).toBeUndefined();
  const slow = open1(world.program, "slow#0");
  const queued = (await slow.next()).value as SysEvent[];
  await world.settle();
  expect([queued.some(isTerminal), quick.ended]).toEqual([false, undefined]);
  await slow.next();
  await world.settle();
  expect(quick.ended?.type).toBe("syscall.completed");
});
