import { createClient, createHttpTransport } from "@aiosjs/sdk";
import { StorageManager } from "@aiosjs/sdk/compat";
import { expect, test } from "vitest";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { openRig } from "../rig.ts";

const DAY = 86_400_000;
const failing = (code: string) => expect.objectContaining({ code }) as Error;

async function open() {
  const rig = await openRig({ cores: () => [] });
  let nowMs = 1_700_000_000_000;
  const storage = new StorageManager(rig.client("one").client, { now: () => nowMs });
  await storage.initialize();
  return { ...rig, storage, pass: (ms: number) => void (nowMs += ms), nowMs: () => nowMs };
}

test("the state of an agent is kept, and what a save leaves out stays as it was", async () => {
  const { storage, pass, nowMs } = await open();
  const createdAt = nowMs();
  await storage.saveAgentState("coder", { role: "writes", state: "idle", goal: "ship", stats: {} });
  pass(5);
  await storage.saveAgentState("coder", { role: "writes", state: "busy", lastTaskId: "t1" });
  expect(await storage.getAgentState("coder")).toEqual({
    agentId: "coder",
    role: "writes",
    goal: "ship",
    backstory: null,
    state: "busy",
    createdAt,
    updatedAt: createdAt + 5,
    lastTaskId: "t1",
    stats: {},
  });
  pass(5);
  await storage.saveAgentState("old", { role: "wrote", state: "archived" });
  expect((await storage.listAgentStates()).map(({ agentId }) => agentId)).toEqual(["old", "coder"]);
  expect((await storage.listAgentStates({ activeOnly: true })).map(({ agentId }) => agentId)).toEqual(["coder"]);
  expect(await storage.deleteAgentState("old")).toBe(true);
  expect(await storage.deleteAgentState("old")).toBe(false);
  expect(await storage.getAgentState("old")).toBeUndefined();
});

test("two that save one agent at once keep what both said", async () => {
  const { storage } = await open();
  await storage.saveAgentState("a", { role: "r", state: "idle" });
  await Promise.all([
    storage.saveAgentState("a", { role: "r", state: "busy", goal: "g" }),
    storage.saveAgentState("a", { role: "r", state: "busy", backstory: "b" }),
    storage.saveAgentState("a", { role: "r", state: "busy", lastTaskId: "t" }),
  ]);
  expect(await storage.getAgentState("a")).toMatchObject({ goal: "g", backstory: "b", lastTaskId: "t" });
});

test("a context is there until it expires, whether it was cleaned up or not", async () => {
  const { storage, pass, nowMs } = await open();
  const lasting = await storage.saveContext("a", { step: 1 }, { sessionId: "s" });
  pass(1);
  const brief = await storage.saveContext("a", { step: 2 }, { expiresAt: nowMs() + 10 });
  await storage.saveContext("b", { step: 3 });
  expect((await storage.listContextsByAgent("a")).map(({ contextData }) => contextData)).toEqual([
    { step: 2 },
    { step: 1 },
  ]);
  pass(10);
  expect(await storage.getContext(brief)).toBeUndefined();
  expect((await storage.listContextsByAgent("a")).map(({ contextId }) => contextId)).toEqual([lasting]);
  expect(await storage.cleanupExpiredContexts()).toBe(1);
  expect(await storage.cleanupExpiredContexts()).toBe(0);
  expect(await storage.getContext(lasting)).toMatchObject({ agentId: "a", sessionId: "s", expiresAt: null });
  expect(await storage.deleteContext(lasting)).toBe(true);
  expect(await storage.getContext(lasting)).toBeUndefined();
});

test("a limit counts the events that the filter lets pass, the newest first, in the order of one instant too", async () => {
  const { storage, pass, nowMs } = await open();
  const began = nowMs();
  for (let index = 0; index < 300; index++) {
    const agentId = index % 100 === 0 ? "rare" : "often";
    await storage.logEvent(index % 2 === 0 ? "even" : "odd", { index }, { agentId, severity: "warning" });
    if (index % 10 === 9) pass(1_000);
  }
  const indices = async (filter: Parameters<typeof storage.listEvents>[0]) =>
    (await storage.listEvents(filter)).map(({ data }) => data["index"]);
  expect(await indices({ limit: 3 })).toEqual([299, 298, 297]);
  expect(await indices({ agentId: "rare", limit: 2 })).toEqual([200, 100]);
  expect(await indices({ agentId: "rare", limit: 2, offset: 2 })).toEqual([0]);
  expect(await indices({ eventType: "odd", startTime: began + 2_000, endTime: began + 3_000 })).toEqual([
    39, 37, 35, 33, 31, 29, 27, 25, 23, 21,
  ]);
  expect(await indices({ endTime: began })).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  expect(await indices({ limit: 0 })).toEqual([]);
  expect(await storage.countEvents()).toBe(300);
  expect(await storage.countEvents({ agentId: "rare", startTime: began + 1 })).toBe(2);
  await expect(storage.listEvents({ limit: -1 })).rejects.toThrow(failing("EINVAL"));
});

test("events of one type are listed alone, whatever stands in the names of the others", async () => {
  const { storage } = await open();
  for (const eventType of ["b", "a b", "a b c", "bb", "%"]) await storage.logEvent(eventType, {});
  for (const eventType of ["b", "a b", "%"]) {
    expect((await storage.listEvents({ eventType })).map((event) => event.eventType)).toEqual([eventType]);
    expect(await storage.countEvents({ eventType })).toBe(1);
  }
});

test("cleaning up takes the events that are older than so many days, and only those", async () => {
  const { storage, pass } = await open();
  for (let day = 0; day < 10; day++) {
    for (let index = 0; index < 130; index++) await storage.logEvent("e", { day });
    pass(DAY);
  }
  expect(await storage.cleanupOldEvents(4)).toBe(6 * 130);
  expect((await storage.listEvents({ limit: 10_000 })).map(({ data }) => data["day"]).at(-1)).toBe(6);
  expect(await storage.cleanupOldEvents()).toBe(0);
  expect(await storage.cleanupOldEvents(0)).toBe(4 * 130);
});

test("a task keeps when it began when it is completed, and its duration follows", async () => {
  const { storage, nowMs } = await open();
  await storage.logTask("t1", { agentId: "a", taskType: "code", priority: "high" });
  await expect(storage.logTask("t1", { agentId: "b", taskType: "code" })).rejects.toThrow(failing("EEXIST"));
  await storage.updateTaskStatus("t1", "running", { startedAt: nowMs() });
  await storage.updateTaskStatus("t1", "completed", { completedAt: nowMs() + 1_500, result: { lines: 3 } });
  expect(await storage.getTask("t1")).toEqual({
    taskId: "t1",
    agentId: "a",
    taskType: "code",
    priority: "high",
    status: "completed",
    createdAt: nowMs(),
    startedAt: nowMs(),
    completedAt: nowMs() + 1_500,
    duration: 1_500,
    result: { lines: 3 },
    errorMessage: null,
  });
  expect(await storage.updateTaskStatus("t2", "failed")).toBe(false);
  expect(await storage.getTask("t2")).toBeUndefined();
});

test("tasks are listed by agent and by status, and an agent's are summed up", async () => {
  const { storage, pass } = await open();
  for (let index = 0; index < 6; index++) {
    await storage.logTask(`t${index}`, { agentId: index < 4 ? "a" : "b", taskType: "code" });
    pass(1);
  }
  await storage.updateTaskStatus("t0", "completed", { duration: 100 });
  await storage.updateTaskStatus("t1", "completed", { duration: 300 });
  await storage.updateTaskStatus("t2", "failed", { errorMessage: "no" });
  const ids = (tasks: readonly { taskId: string }[]) => tasks.map(({ taskId }) => taskId);
  expect(ids(await storage.listTasksByAgent("a", 3))).toEqual(["t3", "t2", "t1"]);
  expect(ids(await storage.listTasksByStatus("pending"))).toEqual(["t5", "t4", "t3"]);
  expect(await storage.getAgentStats("a")).toEqual({
    agentId: "a",
    totalTasks: 4,
    completedTasks: 2,
    failedTasks: 1,
    avgDuration: 200,
  });
  expect(await storage.getAgentStats("b")).toMatchObject({ totalTasks: 2, avgDuration: null });
  expect(await storage.getAgentStats("nobody")).toBeUndefined();
});

test("what was written is there for another process, and after the kernel went away without a stop", async () => {
  const journal = createMemoryJournal();
  const rig = await openRig({ cores: () => [], journal });
  const storage = new StorageManager(rig.client("one").client, { name: "team/db" });
  await storage.saveAgentState("a", { role: "r", state: "idle" });
  const eventId = await storage.logEvent("e", { n: 1 });
  const next = await openRig({ cores: () => [], journal });
  const other = new StorageManager(next.client("other").client, { name: "team/db" });
  expect(await other.getAgentState("a")).toMatchObject({ state: "idle" });
  expect(await other.listEvents()).toMatchObject([{ eventId, data: { n: 1 } }]);
  expect(await new StorageManager(next.admin).countEvents()).toBe(0);
});

test("closing awaits what is under way, and nothing goes on afterwards", async () => {
  const { storage, client } = await open();
  const logging = storage.logEvent("e", {});
  await storage.close();
  expect(await new StorageManager(client("other").client).countEvents()).toBe(1);
  await logging;
  await expect(storage.countEvents()).rejects.toThrow(failing("EINVAL"));
});

test("what is no record, and a kernel that is not there, is told", async () => {
  const { storage } = await open();
  await expect(storage.logEvent("", {})).rejects.toThrow(failing("EINVAL"));
  await expect(storage.logEvent("e", { fn: (() => 1) as never })).rejects.toThrow(failing("EINVAL"));
  await expect(storage.saveContext("a", { text: "x".repeat(1_048_576) })).rejects.toThrow(failing("E2BIG"));
  await expect(storage.saveAgentState("", { role: "r", state: "idle" })).rejects.toThrow(failing("EINVAL"));
  const nowhere = createClient(createHttpTransport({ url: "http://127.0.0.1:9", key: "k" }));
  await expect(new StorageManager(nowhere).initialize()).rejects.toThrow();
});
