import { createClient, noUsage } from "@aiosjs/sdk";
import { asKeyId } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import type { Toolbox } from "../../src/kernel/ports.ts";
import { createScriptedCore } from "../scripted-core.ts";
import { openRig } from "../rig.ts";
import type { RigOptions } from "../rig.ts";

async function open(options: Partial<RigOptions> = {}) {
  let made: ReturnType<typeof createScriptedCore> | undefined;
  const rig = await openRig({
    ...options,
    cores: (clock) => [(made = createScriptedCore({ clock, limits: { concurrency: 1 } }))],
  });
  return { ...rig, core: made as ReturnType<typeof createScriptedCore> };
}

/** A device whose only call asks the model, as an agent used as a tool does. */
const askingTool: Toolbox = {
  tools: () => [{ name: "ask", description: "", parameters: { type: "object" }, effect: "pure" as const }],
  name: "asking",
  device: "tool",
  concurrency: 1,
  async *execute(_name, args, context) {
    const { arguments: given } = args as { arguments: { depth: number } };
    const nested =
      given.depth > 0
        ? await context.syscall("tool.call", { name: "ask", arguments: { depth: given.depth - 1 } })
        : await context.syscall("llm.chat", { messages: [{ role: "user", content: "nested" }] });
    yield [{ type: "result", result: { content: JSON.stringify(nested) }, usage: noUsage }];
  },
};

test("a call that waits on a nested one gives its slot back: depth is no deadlock on a device with one slot", async () => {
  const { client, clock, admin } = await open({ drivers: () => [askingTool] });
  const one = client("one");
  const calls = Promise.all([3, 3, 3].map((depth) => one.client.tool.call({ name: "ask", arguments: { depth } })));
  const results = await clock.run(calls);
  expect(results.every(({ content }) => content.includes("done nested"))).toBe(true);
  const { lanes } = await admin.llm.lanes();
  expect(lanes.map(({ running, queued }) => running + queued)).toEqual([0]);
});

test("a suspended process keeps its waiting calls; they go on when it is resumed", async () => {
  const { client, clock, core, admin } = await open();
  const [one, other] = [client("one"), client("other")];
  const calls = Promise.all([one.chat("a"), one.chat("b"), other.chat("c")]);
  await clock.run(clock.nowMs() + 10);
  await admin.proc.signal({ pid: one.pid, signal: "suspend" });
  const late = one.chat("late");
  await clock.run(clock.nowMs() + 10_000);
  expect(core.served.map(({ text }) => text)).toEqual(["a", "c"]);
  expect(await admin.proc.show({ pid: one.pid })).toMatchObject({ state: "suspended", on: "by a signal" });
  await admin.proc.signal({ pid: one.pid, signal: "resume" });
  await clock.run(Promise.all([calls, late]));
  expect(core.served.map(({ text }) => text)).toEqual(["a", "c", "b", "late"]);
});

test("a killed process is a zombie whose calls are cancelled and whose slot is free at once", async () => {
  const { client, clock, core, admin } = await open();
  const one = client("one");
  const calls = [one.chat("running"), one.chat("waiting")];
  const settled = Promise.allSettled(calls);
  await clock.run(clock.nowMs() + 10);
  await admin.proc.signal({ pid: one.pid, signal: "kill" });
  expect(
    (await settled).map((result) => result.status === "rejected" && (result.reason as { code: string }).code),
  ).toEqual(["ECANCELED", "ECANCELED"]);
  expect(await admin.proc.show({ pid: one.pid })).toMatchObject({
    state: "zombie",
    exit: { code: null, signal: "SIGKILL" },
  });
  await clock.run(client("next").chat("next"));
  expect(core.peak).toBe(1);
  await expect(one.chat("more")).rejects.toMatchObject({ code: "ESRCH" });
});

test("interrupt cancels the calls of a process and leaves it alive", async () => {
  const { client, clock, admin } = await open();
  const one = client("one");
  const call = expect(one.chat("long")).rejects.toMatchObject({ code: "ECANCELED" });
  await clock.run(clock.nowMs() + 10);
  await admin.proc.signal({ pid: one.pid, signal: "interrupt" });
  await call;
  await clock.run(one.chat("again"));
});

test("the same session under the same key is the same process; another tenant never sees it", async () => {
  const { kernel, client, root, admin } = await open();
  const one = client("session-1");
  expect(kernel.identify({ ...root, key: asKeyId("another") }, { session: "session-1" })).not.toBe(one.pid);
  expect(client("session-1").pid).toBe(one.pid);
  const stranger = client("theirs", "acme");
  await expect(stranger.client.proc.show({ pid: one.pid })).rejects.toMatchObject({ code: "ESRCH" });
  const { processes } = await stranger.client.proc.list();
  expect(processes.map(({ pid }) => pid)).toEqual([stranger.pid]);
  expect((await admin.proc.list()).processes.length).toBeGreaterThan(1);
});

test("clients that have been idle for long are reaped; a new request makes a new process", async () => {
  const { client, clock, admin } = await open({ settings: { idleReapMs: 60_000 } });
  const one = client("one");
  await clock.run(one.chat("hello"));
  await clock.run(clock.nowMs() + 59_000);
  expect(await admin.proc.show({ pid: one.pid })).toMatchObject({ state: "blocked" });
  await clock.run(clock.nowMs() + 61_000);
  expect(await admin.proc.show({ pid: one.pid })).toMatchObject({ state: "zombie", exit: { reason: "idle" } });
  expect(client("one").pid).not.toBe(one.pid);
});

test("a key that makes a process per request is stopped", async () => {
  const { client } = await open({ settings: { maxNewProcessesPerMinute: 3 } });
  for (const session of ["a", "b", "c"]) client(session);
  expect(() => client("d")).toThrow(expect.objectContaining({ code: "EAGAIN" }));
});

test("a command gets a key of its own that sees only itself and dies with it", async () => {
  const { kernel, admin } = await open();
  const { pid, key } = await admin.proc.spawn({ program: { kind: "command", command: ["true"], cwd: "/" } });
  const principal = kernel.authenticate(key ?? "");
  expect(principal.pid).toBe(pid);
  await expect(admin.proc.show({ pid })).resolves.toMatchObject({ state: "new", kind: "command", name: "true" });
  await admin.proc.bind({ pid, hostPid: 4_194_303, hostStartedAt: "0" });
  await admin.proc.exit({ pid, code: 3, signal: null });
  await expect(admin.proc.wait({ pid })).resolves.toMatchObject({ code: 3 });
  expect(() => kernel.authenticate(key ?? "")).toThrow(expect.objectContaining({ code: "EAUTH" }));
});

test("a command that is gone without a word is ended; one that lives, or is told of just now, is not", async () => {
  const living = new Set<number>();
  const { clock, admin } = await open({
    host: { signal: () => false, isAlive: ({ hostPid }) => living.has(hostPid), isWithin: () => false },
  });
  const start = async (hostPid: number): Promise<string> => {
    living.add(hostPid);
    const { pid } = await admin.proc.spawn({ program: { kind: "command", command: ["x"], cwd: "/" } });
    await admin.proc.bind({ pid, hostPid, hostStartedAt: "0" });
    return pid;
  };
  const [lost, told, alive] = [await start(101), await start(102), await start(103)];
  await clock.run(clock.nowMs() + 60_000);
  living.delete(101);
  living.delete(102);
  await clock.run(clock.nowMs() + 5_000);
  // Between the first look that finds it gone and the second, its parent may still say how it ended.
  await admin.proc.exit({ pid: told, code: 3, signal: null });
  await clock.run(admin.proc.wait({ pid: lost }).outcome());
  expect(await admin.proc.show({ pid: lost })).toMatchObject({ exit: { reason: "it ended, and its parent was gone" } });
  expect(await admin.proc.show({ pid: told })).toMatchObject({ exit: { code: 3 } });
  await clock.run(clock.nowMs() + 60_000);
  expect(await admin.proc.show({ pid: alive })).toMatchObject({ state: "blocked", exit: null });
});

test("a command that was entered and never started is ended, and its key with it", async () => {
  const { kernel, clock, admin } = await open();
  const program = { kind: "command" as const, command: ["x"], cwd: "/" };
  const [never, elsewhere] = [await admin.proc.spawn({ program }), await admin.proc.spawn({ program })];
  // Runs where nobody can say in which process group: its calls tell that it lives.
  const client = createClient(kernel.transport(kernel.authenticate(elsewhere.key ?? "")));
  await clock.run(client.llm.chat({ messages: [{ role: "user", content: "hi" }] }).outcome());
  await clock.run(clock.nowMs() + 61_000);
  expect(await admin.proc.show({ pid: never.pid })).toMatchObject({ exit: { reason: "nobody has started it" } });
  expect(() => kernel.authenticate(never.key ?? "")).toThrow(expect.objectContaining({ code: "EAUTH" }));
  expect(await admin.proc.show({ pid: elsewhere.pid })).toMatchObject({ exit: null });
});

test("nothing administrative is done under a process key, and children hold no more than their parent", async () => {
  const { kernel, admin } = await open();
  const { key } = await admin.proc.spawn({
    program: { kind: "command", command: ["x"], cwd: "/" },
    capabilities: ["llm.*", "proc.spawn"],
  });
  const principal = kernel.authenticate(key ?? "");
  const child = createClient(kernel.transport(principal));
  await expect(child.key.create({})).rejects.toMatchObject({ code: "EACCES" });
  await expect(child.fs.read({ path: "x" })).rejects.toMatchObject({ code: "EACCES" });
  await expect(
    child.proc.spawn({ program: { kind: "command", command: ["y"], cwd: "/" }, capabilities: ["fs.*"] }),
  ).rejects.toMatchObject({ code: "EACCES" });
});

test("every syscall says how long it waited and ran, and the trace tells it again in order", async () => {
  const { client, clock, admin } = await open();
  const one = client("one");
  const outcomes = Promise.all(
    ["a", "b"].map((content) => one.client.llm.chat({ messages: [{ role: "user", content }] }).outcome()),
  );
  const [first, second] = await clock.run(outcomes);
  expect(first?.timing).toMatchObject({ waitingMs: 0, turnaroundMs: 100 });
  expect(second?.timing).toMatchObject({ waitingMs: 100, turnaroundMs: 200 });
  const { calls } = await admin.proc.trace({ pid: one.pid });
  expect(calls.map(({ seq, name, state }) => [seq, name, state])).toEqual([
    [1, "llm.chat", "done"],
    [2, "llm.chat", "done"],
  ]);
  expect(calls[0]?.detail).toBe('llm.chat("a") = "done a"');
});

test("the same seed gives the same event log", async () => {
  const play = async () => {
    const { client, clock, events, admin } = await open({ scheduler: { policy: "priority" } });
    const calls = Array.from({ length: 40 }, (_, n) => client(`c${n % 7}`).chat(`q${n}`, { nice: (n % 5) - 2 }));
    await admin.proc.signal({ pid: client("c3").pid, signal: "kill" });
    await clock.run(Promise.allSettled(calls));
    return JSON.stringify(await events());
  };
  expect(await play()).toBe(await play());
});
