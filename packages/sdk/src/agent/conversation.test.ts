import { expect, test } from "vitest";
import type { Message } from "../syscalls/llm.ts";
import { Conversation } from "./conversation.ts";
import { fitContext, roomOf } from "./fit-context.ts";
import type { Compaction, ContextLimits, OnFull } from "./fit-context.ts";
import { utf8Bytes } from "./message-bytes.ts";

const user = (content: string): Extract<Message, { role: "user" }> => ({ role: "user", content });
const answer = (content: string): Message => ({ role: "assistant", content });
const calls = (...ids: string[]): Message => ({
  role: "assistant",
  content: null,
  toolCalls: ids.map((id) => ({ id, name: "look", arguments: `{"at":"${id}"}` })),
});
const result = (callId: string, content = `found ${callId}`): Message => ({ role: "tool", callId, content });
const contents = (messages: readonly Message[]) =>
  messages.map((message) => (typeof message.content === "string" ? message.content : message.role));

/** 31-bit numbers of a seed: enough for choices in tests. */
function draws(seed: number) {
  let state = seed;
  return (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
}

/** A model's tokenizer that nobody told us of: it counts characters and calls, not bytes. */
const tokenize = (messages: readonly Message[]): number =>
  messages.reduce((sum, message) => {
    const made = message.role === "assistant" ? (message.toolCalls ?? []) : [];
    const chars = (contents([message])[0]?.length ?? 0) + made.reduce((all, call) => all + call.arguments.length, 0);
    return sum + 4 + 12 * made.length + Math.ceil(chars / 3.1);
  }, 0);

test("a request is laid out as system, memory, pinned, history, and what comes later stands at the end", () => {
  const conversation = new Conversation({ system: "s", memory: [user("m1")], pinned: [user("p1")] });
  conversation.remember(user("m2"));
  conversation.add(user("q1"));
  conversation.pin(user("p2"));
  conversation.add(answer("a1"));
  expect(contents(conversation.request())).toEqual(["s", "m1", "m2", "p1", "q1", "p2", "a1"]);
});

test("what was remembered and pinned late moves to its segment with the next compaction only", async () => {
  const conversation = new Conversation({ system: "s" });
  for (let turn = 0; turn < 10; turn++) {
    conversation.add(user(`q${turn} ${"word ".repeat(20)}`));
    if (turn === 1) conversation.pin(user("pinned"));
    if (turn === 2) conversation.remember(user("known"));
    conversation.add(answer(`a${turn}`));
  }
  await fitContext(conversation, { maxTokens: 200, reserveTokens: 20, onFull: "drop" });
  expect(contents(conversation.request()).slice(0, 4)).toEqual([
    "s",
    "known",
    "pinned",
    expect.stringMatching(/^\[\d+ earlier messages were left out here/) as string,
  ]);
});

test("what is pinned between a call and its result waits for the result", () => {
  const conversation = new Conversation();
  conversation.add(calls("a", "b"));
  conversation.pin(user("p"));
  conversation.add(result("b"));
  conversation.add(result("a"));
  expect(contents(conversation.request())).toEqual(["assistant", "found b", "found a", "p"]);
});

test("a result without a call and a call without a result are refused", () => {
  const conversation = new Conversation();
  expect(() => conversation.add(result("x"))).toThrow("no tool call x waits for a result");
  conversation.add(calls("x"));
  expect(() => conversation.add(user("and?"))).toThrow("the tool call x has no result yet");
  conversation.add(result("x"));
  expect(() => conversation.add(result("x"))).toThrow("no tool call x waits");
});

test("the estimate is what the model counted plus a learned ratio for the rest", () => {
  const conversation = new Conversation({ system: "You are brief." });
  conversation.add(user("word ".repeat(400)));
  const guessed = conversation.tokens;
  conversation.request();
  conversation.answered(1_000);
  expect(conversation.tokens).toBe(1_000);
  expect(conversation.doubtTokens).toBe(0);
  conversation.add(answer("word ".repeat(400)));
  // As many bytes again, at the ratio of the first thousand.
  expect(conversation.tokens).toBeGreaterThan(1_950);
  expect(conversation.tokens).toBeLessThan(2_000);
  expect(guessed).toBeLessThan(600);
});

test("the size of Chinese text and of emoji is that of their UTF-8", () => {
  for (const text of ["plain", "naïve", "上下文管理", "🙂🙂", "a\u0000b"])
    expect(utf8Bytes(text), text).toBe(new TextEncoder().encode(text).length);
});

const filled = (steps: number) => {
  const conversation = new Conversation({ system: "s", pinned: [user("the task")] });
  for (let step = 0; step < steps; step++) {
    conversation.add(calls(`c${step}`));
    conversation.add(result(`c${step}`, `${step} `.repeat(50)));
  }
  return conversation;
};

test("whole turns go before a turn is cut in two, and a turn that is cut keeps its question", async () => {
  const conversation = new Conversation();
  for (const turn of ["old", "new"]) {
    conversation.add(user(`${turn} question`));
    for (let step = 0; step < 6; step++) {
      conversation.add(calls(`${turn}${step}`));
      conversation.add(result(`${turn}${step}`, "x".repeat(200)));
    }
    conversation.add(answer(`${turn} answer`));
  }
  const [first] = await fitContext(conversation, { maxTokens: 1_000, reserveTokens: 100, onFull: "drop" });
  expect(first).toBeUndefined();
  const limits = { maxTokens: 850, reserveTokens: 100, onFull: "drop" as const };
  conversation.counted(1_000);
  await fitContext(conversation, { ...limits, maxTokens: 1_000 });
  expect(contents(conversation.messages)[1]).toBe("new question");
  conversation.counted(1_000);
  await fitContext(conversation, { ...limits, maxTokens: 1_000 });
  const kept = contents(conversation.messages);
  expect(kept[0]).toMatch(/left out/);
  expect(kept[1]).toBe("new question");
  expect(kept.at(-1)).toBe("new answer");
  expect(kept.length).toBeLessThan(14);
});

test("a summary takes the place of what it sums up, asked for behind the same prefix", async () => {
  const conversation = filled(20);
  const before = conversation.request();
  const asked: (readonly Message[])[] = [];
  const summarize = async (messages: readonly Message[]) => {
    asked.push(messages);
    return "nineteen looks, nothing found";
  };
  const limits = { maxTokens: 800, reserveTokens: 100 };
  const [compaction] = await fitContext(conversation, limits, { summarize });
  expect(compaction).toMatchObject({ mode: "summary", beforeTokens: expect.any(Number) as number });
  const prefix = asked[0] ?? [];
  expect(JSON.stringify(before.slice(0, prefix.length))).toBe(JSON.stringify(prefix));
  const after = contents(conversation.request());
  expect(after.slice(0, 2)).toEqual(["s", "the task"]);
  expect(after[2]).toMatch(/^\[Summary of the earlier conversation.*\nnineteen looks, nothing found$/s);
  expect(conversation.tokens).toBe(compaction?.afterTokens);
});

test("without a summary the same part is dropped, and the event says so", async () => {
  const conversation = filled(20);
  const done = await fitContext(
    conversation,
    { maxTokens: 800, onFull: "summary" },
    { summarize: async () => undefined },
  );
  expect(done.map(({ mode }) => mode)).toEqual(["drop"]);
});

test("a full context that may not be compacted, and one that cannot be, is E2BIG with the figures", async () => {
  const full = {
    code: "E2BIG",
    message: expect.stringMatching(/the context has \d+ tokens .* room for 700/) as string,
  };
  const limits = { maxTokens: 800, reserveTokens: 100 };
  await expect(fitContext(filled(20), { ...limits, onFull: "fail" })).rejects.toMatchObject(full);
  const pinned = new Conversation({ pinned: [user("x".repeat(10_000))] });
  pinned.add(user("go"));
  await expect(fitContext(pinned, limits)).rejects.toMatchObject(full);
  expect(await fitContext(pinned, { ...limits, isAssumed: true })).toEqual([]);
});

test("where most of the room is taken by what stays, compactions come in steps of a tenth of the room", async () => {
  const conversation = new Conversation({ pinned: [user("x".repeat(4_000))] });
  let compactions = 0;
  for (let turn = 0; turn < 100; turn++) {
    conversation.add(user("y".repeat(20)));
    compactions += (await fitContext(conversation, { maxTokens: 1_100, isAssumed: true })).length;
    conversation.add(answer("z".repeat(20)));
  }
  // A hundred turns are some 1,800 tokens; each compaction takes 96 at least away and puts a note of 30 in their place.
  expect(compactions).toBeGreaterThan(5);
  expect(compactions).toBeLessThan(30);
});

test("a tool's result that no context holds is shortened before a model sees it, at either end readable", async () => {
  const conversation = filled(1);
  conversation.add(calls("big"));
  conversation.add(result("big", `begin ${"🙂x".repeat(20_000)} end`));
  const done = await fitContext(conversation, { maxTokens: 2_000, onFull: "drop" });
  expect(done).toMatchObject([{ mode: "clip", messages: 1 }]);
  const text = contents(conversation.messages).at(-1) ?? "";
  expect(text).toMatch(/^begin .*of 60010 characters are left out.* end$/s);
  expect(text.isWellFormed()).toBe(true);
  expect(conversation.tokens).toBeLessThan(roomOf({ maxTokens: 2_000 }));
});

test("a tokenizer is asked only where it makes a difference", async () => {
  let asked = 0;
  const conversation = filled(3);
  const guessed = conversation.tokens;
  const count = async () => (asked++ === 0 ? 2 * guessed : guessed);
  expect(await fitContext(conversation, { maxTokens: 100_000 }, { count })).toEqual([]);
  expect(asked).toBe(0);
  // It would fit by the estimate, but not if that is half of the truth: as it is here.
  const limits = { maxTokens: Math.ceil(1.5 * guessed), reserveTokens: 1, onFull: "drop" as const };
  expect(await fitContext(conversation, limits, { count })).toMatchObject([
    { mode: "drop", beforeTokens: 2 * guessed },
  ]);
  expect(asked).toBeGreaterThan(0);
});

test("the number of messages is limited too", async () => {
  const conversation = filled(30);
  await fitContext(conversation, { maxTokens: 1_000_000, maxMessages: 20, onFull: "drop" });
  expect(conversation.length).toBeLessThanOrEqual(11);
  expect(contents(conversation.messages)[1]).toBe("the task");
});

test("an upstream's refusal shortens what the figures thought short enough", async () => {
  const conversation = filled(20);
  const before = conversation.tokens;
  const [done] = await fitContext(conversation, { maxTokens: 1_000_000, onFull: "drop" }, { must: true });
  expect(done?.mode).toBe("drop");
  expect(conversation.tokens).toBeLessThan(0.65 * before);
});

/** A conversation as chance has it, with everything that a program may do to one. */
async function live(seed: number, limits: ContextLimits & { onFull: OnFull }) {
  const draw = draws(seed);
  const text = (most: number) => "lorem ipsum 数据 ".repeat(1 + draw(most));
  const pins: string[] = [];
  const conversation = new Conversation({
    system: text(3),
    pinned: [user(`pin ${pins.push("pin 0") - 1} `)],
    tools: [{ name: "look", parameters: { type: "object" } }],
  });
  pins[0] = "pin 0 ";
  const count = async () => tokenize(conversation.messages);
  const summarize = async () => (draw(5) === 0 ? undefined : text(2));
  const requests: { messages: Message[]; compactions: readonly Compaction[] }[] = [];
  for (let step = 0; step < 60; step++) {
    if (draw(3) === 0) conversation.add(user(text(12)));
    if (draw(8) === 0) {
      const pin = `pin ${step} ${text(1)}`;
      pins.push(pin);
      conversation.pin(user(pin));
    }
    if (draw(12) === 0) conversation.remember(user(`known ${step}`));
    const compactions = await fitContext(conversation, limits, { count, summarize });
    const messages = conversation.request();
    requests.push({ messages, compactions });
    conversation.answered(tokenize(messages));
    const ids = Array.from({ length: draw(4) }, (_, index) => `${step}-${index}`);
    conversation.add(ids.length === 0 ? answer(text(8)) : calls(...ids));
    for (const id of ids) conversation.add(result(id, draw(15) === 0 ? text(2_000) : text(10)));
  }
  return { requests, pins };
}

const onFulls: readonly OnFull[] = ["summary", "drop"];

test("whatever happens: the prefix holds between compactions, calls keep their results, pins stay, no limit is passed", async () => {
  let compactions = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const limits = { maxTokens: 1_500 + 100 * (seed % 20), reserveTokens: 200, onFull: onFulls[seed % 2] ?? "drop" };
    const { requests, pins } = await live(seed, limits);
    let before: Message[] = [];
    for (const { messages, compactions: done } of requests) {
      compactions += done.length;
      const cuts = done.filter(({ mode }) => mode !== "clip").length;
      if (cuts === 0)
        expect(JSON.stringify(messages.slice(0, before.length)), `seed ${seed}`).toBe(JSON.stringify(before));
      expect(tokenize(messages), `seed ${seed}`).toBeLessThanOrEqual(roomOf(limits));
      expect(cuts).toBeLessThanOrEqual(1);
      expectPairs(messages);
      before = messages;
    }
    const last = contents(requests.at(-1)?.messages ?? []);
    for (const pin of pins)
      expect(
        last.filter((text) => text === pin),
        `seed ${seed}`,
      ).toHaveLength(1);
    const cutting = requests.filter(({ compactions: done }) => done.some(({ mode }) => mode !== "clip")).length;
    // Each leaves half of the room: a prompt cache is cold now and then, not at every turn.
    expect(cutting, `seed ${seed}`).toBeLessThan(requests.length / 2);
  }
  expect(compactions).toBeGreaterThan(200);
});

test("the same conversation is compacted in the same way", async () => {
  const limits = { maxTokens: 2_000, reserveTokens: 200, onFull: "summary" as const };
  expect(await live(7, limits)).toEqual(await live(7, limits));
});

function expectPairs(messages: readonly Message[]): void {
  let open: string[] = [];
  for (const message of messages) {
    if (message.role === "tool") {
      expect(open).toContain(message.callId);
      open = open.filter((id) => id !== message.callId);
      continue;
    }
    expect(open).toEqual([]);
    if (message.role === "assistant") open = message.toolCalls?.map(({ id }) => id) ?? [];
  }
  expect(open).toEqual([]);
}
