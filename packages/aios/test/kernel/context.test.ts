import { Conversation, defineAgent, defineTool, fitContext } from "@aiosjs/sdk";
import { expect, test } from "vitest";
import { createSimCore } from "../../src/drivers/llm/sim/core.ts";
import { openRig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

const open = (contextTokens: number) =>
  openRig({ cores: (clock) => [createSimCore({ clock, models: [{ id: "sim", contextTokens }] })] });

test("a process shows how much of its model's context its last request had", async () => {
  const { client, clock, admin } = await open(4_000);
  const one = client("one");
  expect((await admin.proc.show({ pid: one.pid })).context).toBeNull();
  await clock.run(one.chat("one"));
  const { context } = await admin.proc.show({ pid: one.pid });
  expect(context).toMatchObject({ maxTokens: 4_000 });
  await clock.run(one.chat("a longer one ".repeat(50)));
  const { processes } = await admin.proc.list();
  const later = processes.find(({ pid }) => pid === one.pid)?.context;
  expect(later?.tokens).toBeGreaterThan((context?.tokens ?? 0) + 100);
});

test("a model whose core does not tell its context is shown without one", async () => {
  const { client, clock, admin } = await openRig({ cores: (virtual) => [createScriptedCore({ clock: virtual })] });
  const one = client("one");
  await clock.run(one.chat("one"));
  expect((await admin.proc.show({ pid: one.pid })).context).toMatchObject({ maxTokens: null });
});

test("a conversation far longer than the model's context goes on, and no request is refused", async () => {
  const { client, clock } = await open(1_000);
  const { client: one } = client("one");
  const conversation = new Conversation({ system: "You are a patient teacher." });
  let compactions = 0;
  for (let turn = 0; turn < 40; turn++) {
    conversation.add({ role: "user", content: `Question ${turn}: ${"why is it so? ".repeat(8)}` });
    compactions += (await fitContext(conversation, { maxTokens: 1_000, onFull: "drop" })).length;
    const call = one.llm.chat({ messages: conversation.request(), maxTokens: 60 });
    const { result, usage } = await clock.run(call.outcome());
    conversation.answered(usage.inputTokens);
    conversation.add(result.message);
  }
  expect(compactions).toBeGreaterThan(2);
});

test("the compactions of an agent are events of its process, and calls that trace shows", async () => {
  let turn = 0;
  const { kernel, root, client, clock, admin, events } = await openRig({
    cores: (virtual) => [
      createScriptedCore({
        clock: virtual,
        tellsUsage: false,
        answer: ({ callSite }) =>
          callSite?.endsWith(":summary") === true || ++turn > 12
            ? { role: "assistant", content: "done" }
            : { role: "assistant", content: null, toolCalls: [{ id: `c${turn}`, name: "look", arguments: "{}" }] },
      }),
    ],
  });
  const { pid } = client("one");
  const look = defineTool({
    name: "look",
    description: "Looks.",
    parameters: { type: "object" },
    run: () => "much to see ".repeat(60),
  });
  const context = { maxTokens: 1_500, onFull: "drop" } as const;
  const agent = defineAgent({ name: "looker", instructions: "Look around.", tools: [look], context });
  const { output } = await clock.run(agent.run("Go", { transport: kernel.transport(root, pid) }));
  expect(output).toBe("done");
  const compacted = (await events()).filter(({ topic }) => topic === "context.compacted");
  expect(compacted.length).toBeGreaterThan(0);
  expect(compacted[0]).toMatchObject({ pid, body: { mode: "drop", messages: expect.any(Number) as number } });
  const { calls } = await admin.proc.trace({ pid });
  const shown = calls.find(({ name }) => name === "proc.compact");
  expect(shown?.detail).toMatch(/^proc\.compact\(mode: "drop", messages: \d+, beforeTokens: \d+, afterTokens: \d+\)/);
});
