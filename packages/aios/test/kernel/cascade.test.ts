import { SysError } from "@aiosjs/sdk";
import type { AssistantMessage, SysEvent } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { openRoutingRig } from "../routing-rig.ts";
import type { ScriptedCoreOptions } from "../scripted-core.ts";

const says =
  (content: string | null, others: Partial<AssistantMessage> = {}) =>
  (): AssistantMessage => ({
    role: "assistant",
    content,
    ...others,
  });
const call = (args: string) => says(null, { toolCalls: [{ id: "1", name: "f", arguments: args }] });

const open = (cheap: Partial<ScriptedCoreOptions>, dear: Partial<ScriptedCoreOptions> = {}) =>
  openRoutingRig(
    [
      { name: "dear", price: { input: 10, output: 10 }, answer: says('{"from": "dear"}'), ...dear },
      { name: "cheap", price: { input: 1, output: 1 }, ...cheap },
    ],
    { strategy: "cascade" },
  );

const last = (events: readonly SysEvent[]) => {
  const event = events.at(-1);
  if (event?.type !== "syscall.completed") throw new Error(`ended as ${event?.type}`);
  return { model: (event.result as { model: string }).model, usage: event.usage };
};

test("a good answer of the cheap model is the answer, and the dear one is not asked", async () => {
  const { eventsOf, served } = await open({});
  const events = await eventsOf({ stream: true });
  expect(last(events)).toMatchObject({ model: "cheap/m", usage: { wastedTokens: 0 } });
  expect(events.map(({ type }) => type)).toContain("text.delta");
  expect(served("dear")).toBe(0);
});

test.each([
  ["stops at a limit of its own", { finishReason: "length" }, {}],
  ["was filtered", { finishReason: "content-filter" }, {}],
  ["refuses", { answer: says(null, { refusal: "I cannot" }) }, {}],
  ["says nothing", { answer: says("  ") }, {}],
  ["is no JSON where JSON was asked for", { answer: says("Sure! {}") }, { isJson: true }],
  ["calls a tool with malformed arguments", { answer: call('{"a":') }, {}],
] as const)("an answer that %s is withheld, and the next model is asked", async (_what, cheap, args) => {
  const { eventsOf } = await open(cheap);
  const events = await eventsOf({ stream: true, ...args });
  // Nothing of the withheld answer was told, although the client streams.
  expect(events.map(({ type }) => type)).toEqual([
    "syscall.queued",
    "syscall.started",
    "syscall.requeued",
    "syscall.started",
    "text.delta",
    "syscall.completed",
  ]);
  // Both were paid for: 1 token of prompt and 10 of answer each, the first eleven for nothing.
  expect(last(events)).toMatchObject({
    model: "dear/m",
    usage: { inputTokens: 2, outputTokens: 20, wastedTokens: 11, costUsd: (11 + 110) / 1e6 },
  });
});

test("an answer that stops at the caller's own limit is not asked for again: another model would stop there too", async () => {
  const { eventsOf } = await open({ finishReason: "length" });
  expect(last(await eventsOf({ maxTokens: 10 })).model).toBe("cheap/m");
});

test("well-formed arguments and an empty text are a good answer", async () => {
  const { eventsOf } = await open({ answer: call('{"a": 1}') });
  expect(last(await eventsOf({})).model).toBe("cheap/m");
});

test("where the dear model fails, the withheld answer is better than none", async () => {
  const { eventsOf } = await open(
    { finishReason: "length" },
    {
      script: () => {
        throw new SysError("EIO", "401", { retryable: false });
      },
    },
  );
  const events = await eventsOf({ stream: true });
  expect(last(events)).toMatchObject({
    model: "cheap/m",
    usage: { inputTokens: 1, outputTokens: 10, wastedTokens: 0 },
  });
  expect(events.map(({ type }) => type)).toContain("text.delta");
});

test("a budget pays for both answers, once each", async () => {
  const { eventsOf, admin, clock } = await open({ finishReason: "length" });
  const limits = [{ resource: "tokens" as const, limit: 100_000 }];
  await clock.run(Promise.resolve(admin.budget.set({ scope: "tenant:local", limits })));
  await eventsOf({});
  const { accounts } = await clock.run(Promise.resolve(admin.budget.show()));
  expect(accounts).toMatchObject([{ used: 22, reserved: 0 }]);
});

test("what breaks before it answers is tried again with the next model, and cancelled calls stay cancelled", async () => {
  const { eventsOf, kernel, root, clock, served } = await open({
    script: () => {
      throw new SysError("ENOENT", "no such model");
    },
  });
  expect(last(await eventsOf({})).model).toBe("dear/m");
  const subscription = kernel.syscall(
    "llm.chat",
    { messages: [{ role: "user", content: "q" }] },
    { principal: root, onDetach: "keep" },
  );
  await clock.run(clock.nowMs() + 50);
  subscription.cancel();
  let end: SysEvent | undefined;
  const read = async (): Promise<void> => {
    for await (const batch of subscription) end = batch.at(-1);
  };
  await clock.run(read());
  expect(end).toMatchObject({ type: "syscall.failed", error: { code: "ECANCELED" } });
  expect(served("dear")).toBe(2);
});
