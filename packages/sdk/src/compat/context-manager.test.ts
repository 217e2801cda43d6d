import { expect, test } from "vitest";
import { AgentContext } from "./agent-context.ts";
import { ContextManager } from "./context-manager.ts";
import { copyJson } from "./copy-json.ts";
import type { JsonObject } from "./copy-json.ts";
import type { SnapshotStore } from "./snapshot.ts";

let nowMs = 1_700_000_000_000;
const now = () => nowMs++;
const open = () => new ContextManager({ now, maxSwitchLog: 4 });

test("a context is made once, with the limits it was given and the defaults for the rest", () => {
  const contexts = open();
  const context = contexts.create("coder", { team: "a" }, { maxActions: 3 });
  expect(contexts.create("coder", { team: "b" })).toBe(context);
  expect(context.metadata).toEqual({ team: "a" });
  expect(context.limits).toEqual({ maxMessages: 100, maxTokens: 50_000, maxActions: 3 });
  expect(context.status).toBe("active");
  expect(contexts.get("nobody")).toBeUndefined();
});

test("a switch saves one agent and restores the other", () => {
  const contexts = open();
  contexts.create("a");
  contexts.create("b").state["step"] = 7;
  expect(contexts.switch(null, "a")).toEqual({});
  expect(contexts.switch("a", "b", { at: "line 3" })).toEqual({ step: 7 });
  expect(contexts.activeAgent).toBe("b");
  expect(contexts.get("a")).toMatchObject({ status: "suspended", state: { at: "line 3" } });
  expect(contexts.switch("b", "a")).toEqual({ at: "line 3" });
  expect(contexts.switchLog.map(({ from, to }) => [from, to])).toEqual([
    [null, "a"],
    ["a", "b"],
    ["b", "a"],
  ]);
});

test("a switch that cannot be made changes nothing", () => {
  const contexts = open();
  contexts.create("a");
  const spent = contexts.create("spent", {}, { maxTokens: 10 });
  spent.recordLlmCall(11);
  contexts.switch(null, "a");
  const before = { a: contexts.get("a")?.toDict(), spent: spent.toDict(), stats: contexts.stats() };
  const attempts: [() => unknown, string][] = [
    [() => contexts.switch("a", "nobody", { lost: true }), "ESRCH"],
    [() => contexts.switch("nobody", "a"), "ESRCH"],
    [() => contexts.switch("a", "spent", { lost: true }), "EDQUOT"],
    [() => contexts.switch("a", "a", { fn: (() => 1) as never }), "EINVAL"],
  ];
  for (const [attempt, code] of attempts) expect(attempt).toThrow(expect.objectContaining({ code }) as Error);
  expect({ a: contexts.get("a")?.toDict(), spent: spent.toDict(), stats: contexts.stats() }).toEqual(before);
});

test("an agent may be switched to itself: what is saved is what it gets", () => {
  const contexts = open();
  contexts.create("a");
  expect(contexts.switch("a", "a", { x: 1 })).toEqual({ x: 1 });
  expect(contexts.get("a")?.status).toBe("active");
});

test("the log of switches keeps the last ones, the count all", () => {
  const contexts = open();
  for (const id of ["a", "b"]) contexts.create(id);
  for (let turn = 0; turn < 11; turn++) contexts.switch(turn % 2 === 0 ? "a" : "b", turn % 2 === 0 ? "b" : "a");
  expect(contexts.switchCount).toBe(11);
  expect(contexts.switchLog).toHaveLength(4);
  expect(contexts.switchLog.map(({ to }) => to)).toEqual(["a", "b", "a", "b"]);
  const instants = contexts.switchLog.map(({ ts }) => ts);
  expect(instants).toEqual(instants.toSorted((left, right) => left - right));
});

test("what restore returns and what save took share nothing with the context", () => {
  const contexts = open();
  contexts.create("a");
  const given = { list: [1] };
  contexts.save("a", given);
  given.list.push(2);
  const restored = contexts.restore("a") as { list: number[] };
  restored.list.push(3);
  expect(contexts.get("a")?.state).toEqual({ list: [1] });
  expect(contexts.restore("nobody")).toBeUndefined();
  expect(contexts.save("nobody")).toBe(false);
});

test("the record that passes a limit counts and suspends, the next one is refused and does not count", () => {
  const contexts = open();
  const context = contexts.create("a", {}, { maxTokens: 100, maxActions: 2 });
  expect(context.recordLlmCall(100)).toBeUndefined();
  expect(context.recordLlmCall(1)).toBe("token_limit");
  expect(context).toMatchObject({ status: "suspended", suspendedBy: "token_limit", tokensUsed: 101, llmCalls: 2 });
  expect(() => context.recordLlmCall(1)).toThrow("it has used 101 of 100 tokens");
  expect(() => context.addMessage("user", "go on")).toThrow(/Raise|suspended/);
  expect(context).toMatchObject({ tokensUsed: 101, llmCalls: 2, messageCount: 0 });
  expect(contexts.checkLimits("a")).toEqual({
    exists: true,
    withinLimits: false,
    messages: { used: 0, max: 100, evicted: 0 },
    tokens: { used: 101, max: 100 },
    actions: { used: 0, max: 2 },
  });
  expect(contexts.enforceLimits("a")).toBe("token_limit");
  const acting = contexts.create("b", {}, { maxActions: 1 });
  expect([acting.recordAction(), acting.recordAction()]).toEqual([undefined, "action_limit"]);
  expect(contexts.enforceLimits("nobody")).toBeNull();
});

test("restore never lifts a suspension by a limit; raised limits do", () => {
  const contexts = open();
  contexts.create("a", {}, { maxTokens: 10 }).recordLlmCall(11);
  expect(() => contexts.restore("a")).toThrow(expect.objectContaining({ code: "EDQUOT" }) as Error);
  contexts.save("a");
  expect(() => contexts.restore("a")).toThrow(expect.objectContaining({ code: "EDQUOT" }) as Error);
  contexts.setLimits("a", { maxTokens: 20 });
  expect(contexts.get("a")?.status).toBe("suspended");
  expect(contexts.restore("a")).toEqual({});
  expect(contexts.get("a")?.status).toBe("active");
  // Lowered again, it is suspended at once.
  contexts.setLimits("a", { maxTokens: 5 });
  expect(contexts.get("a")?.suspendedBy).toBe("token_limit");
});

test("the oldest message makes way, and is handed out", () => {
  const context = new AgentContext("a", { limits: { maxMessages: 3 }, now });
  const evicted = ["1", "2", "3", "4", "5"].map((text) => context.addMessage("user", text)?.content);
  expect(evicted).toEqual([undefined, undefined, undefined, "1", "2"]);
  expect(context.messages.map(({ content }) => content)).toEqual(["3", "4", "5"]);
  expect(context.messagesEvicted).toBe(2);
  context.setLimits({ maxMessages: 5 });
  context.addMessage("user", "6");
  expect(context.messages.map(({ content }) => content)).toEqual(["3", "4", "5", "6"]);
  context.setLimits({ maxMessages: 2 });
  expect(context.messages.map(({ content }) => content)).toEqual(["5", "6"]);
  expect(context.messagesEvicted).toBe(4);
});

test("what is terminated records nothing any more", () => {
  const contexts = open();
  const context = contexts.create("a");
  contexts.switch(null, "a");
  expect(contexts.destroy("a")).toBe(true);
  expect(contexts.destroy("a")).toBe(false);
  expect(contexts.activeAgent).toBeNull();
  expect(() => context.recordAction()).toThrow(expect.objectContaining({ code: "ESRCH" }) as Error);
  context.suspend();
  expect(context.status).toBe("terminated");
});

test("ids that could lead anywhere else are refused", () => {
  const contexts = open();
  for (const id of ["", "../escape", "a/b", "a\\b", ".hidden", "a\0", "a\n", "-", "x".repeat(61), "a.", " a"])
    expect(() => contexts.create(id), JSON.stringify(id)).toThrow(/no id for an agent's context/);
  for (const id of ["a", "coder-1", "GitHub_Researcher", "研究员", "v1.2", "é".repeat(60)]) contexts.create(id);
});

test("limits and counts that are none are refused", () => {
  for (const limits of [{ maxTokens: -1 }, { maxMessages: 0 }, { maxActions: 1.5 }, { maxTokens: Number.NaN }])
    expect(() => new AgentContext("a", { limits })).toThrow(/is no limit/);
  const context = new AgentContext("a");
  for (const tokens of [-1, 0.5, Number.NaN, Infinity])
    expect(() => context.recordLlmCall(tokens)).toThrow("is no number of tokens");
  expect(context.llmCalls).toBe(0);
});

test("the figures add up", () => {
  const contexts = open();
  contexts.create("a").recordLlmCall(5);
  contexts.create("b").recordAction();
  contexts.switch(null, "a");
  contexts.save("b");
  expect(contexts.stats()).toEqual({
    totalContexts: 2,
    active: 1,
    suspended: 1,
    activeAgent: "a",
    switchCount: 1,
    totalTokens: 5,
    totalActions: 1,
    messagesEvicted: 0,
  });
  expect(contexts.list("suspended")).toMatchObject([{ agentId: "b", actionsTaken: 1, messages: 0 }]);
  expect(contexts.listContexts()).toHaveLength(2);
});

function memoryStore(): SnapshotStore & { texts: Map<string, string>; fail: boolean } {
  const texts = new Map<string, string>();
  return {
    texts,
    fail: false,
    read: async (name) => texts.get(name),
    async write(name, text) {
      if (this.fail) throw new Error("the disk is full");
      texts.set(name, text);
    },
    names: async () => [...texts.keys()],
  };
}

test("a snapshot keeps a suspension by a limit, and loading it replaces the present context", async () => {
  const snapshots = memoryStore();
  const contexts = new ContextManager({ snapshots, now });
  const first = contexts.create("a", {}, { maxTokens: 10 });
  first.recordLlmCall(11);
  expect(await contexts.snapshot("a")).toBe(true);
  const loaded = await contexts.loadSnapshot("a");
  expect(loaded?.toDict()).toEqual({ ...first.toDict(), status: "suspended" });
  expect(first.status).toBe("terminated");
  expect(() => contexts.restore("a")).toThrow(expect.objectContaining({ code: "EDQUOT" }) as Error);
  expect(await contexts.snapshot("nobody")).toBe(false);
  expect(await contexts.loadSnapshot("nobody")).toBeUndefined();
});

test("a snapshot of another agent, of a later version, or written while the disk was full is told from a good one", async () => {
  const snapshots = memoryStore();
  const contexts = new ContextManager({ snapshots, now });
  const context = contexts.create("a");
  await contexts.snapshot("a");
  const text = snapshots.texts.get("a") ?? "";
  snapshots.texts.set("b", text);
  await expect(contexts.loadSnapshot("b")).rejects.toThrow("the snapshot of b cannot be used: it is a's");
  snapshots.texts.set("c", text.replace("aios-context 1", "aios-context 2"));
  await expect(contexts.loadSnapshot("c")).rejects.toMatchObject({ code: "EINVAL" });
  snapshots.fail = true;
  context.recordAction();
  await expect(contexts.snapshot("a")).rejects.toThrow("the disk is full");
  snapshots.fail = false;
  expect(snapshots.texts.get("a")).toBe(text);
  // One that failed does not stop the next.
  expect(await contexts.snapshot("a")).toBe(true);
  await expect(new ContextManager().snapshot("a")).rejects.toMatchObject({ code: "ENODEV" });
});

test("state is JSON: what is not is refused with what it is", () => {
  const circle: JsonObject = {};
  circle["self"] = circle;
  const nots: [unknown, RegExp][] = [
    [() => 1, /a function/],
    [new Map(), /an object of Map/],
    [{ deep: [new Date(0)] }, /an object of Date/],
    [Number.NaN, /a number/],
    [1n, /a bigint/],
    [circle, /in a circle/],
    [JSON.parse('{"__proto__":{"isAdmin":true}}'), /__proto__/],
  ];
  for (const [value, why] of nots) expect(() => copyJson(value as JsonObject)).toThrow(why);
  const fine = { a: [1, "x", null, true, { b: {} }], gone: undefined } as never;
  expect(copyJson<JsonObject>(fine)).toEqual({ a: [1, "x", null, true, { b: {} }] });
});
