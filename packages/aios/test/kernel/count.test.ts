import { expect, test } from "vitest";
import type { Core } from "../../src/kernel/ports.ts";
import { openRig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

const messages = (content: string) => [{ role: "user" as const, content }];

test("tokens are counted by the core that would answer, under its own name of the model, and nothing is sent to it", async () => {
  const asked: { model: string; named: string }[] = [];
  let scripted: ReturnType<typeof createScriptedCore> | undefined;
  const { client } = await openRig({
    cores: (clock) => {
      scripted = createScriptedCore({ clock });
      const core: Core = Object.assign(scripted, {
        count: (args: { model: string }, context: { model: string }) => {
          asked.push({ model: args.model, named: context.model });
          return Promise.resolve(42);
        },
      });
      return [core];
    },
    settings: { aliases: { fast: "up/m" } },
  });
  const counted = await client("s").client.llm.count({ model: "fast", messages: messages("hi") });
  expect(counted).toEqual({ inputTokens: 42, isExact: true, model: "up/m" });
  expect(asked).toEqual([{ model: "m", named: "m" }]);
  expect(scripted?.served).toEqual([]);
});

test("where no core counts, the number is an estimate that learns from what the upstream counted", async () => {
  const { client, clock } = await openRig({ cores: (time) => [createScriptedCore({ clock: time })] });
  const { client: process, chat } = client("s");
  const text = "x".repeat(4_000);
  const before = await process.llm.count({ messages: messages(text) });
  expect(before).toMatchObject({ isExact: false, model: "up/m" });
  expect(before.inputTokens).toBeGreaterThan(900);
  // This upstream finds a token in every fourth character, and in the roles none.
  const answered = chat(text);
  await clock.run(clock.nowMs() + 1_000);
  await answered;
  expect((await process.llm.count({ messages: messages(text) })).inputTokens).toBe(1_000);
});

test("a model that nobody has is not counted for", async () => {
  const { client } = await openRig({
    cores: (clock) => [createScriptedCore({ clock })],
    settings: { aliases: {} },
  });
  const counted = client("s").client.llm.count({ model: "gpt-9", messages: messages("hi") });
  await expect(counted).rejects.toMatchObject({ code: "ENOENT" });
});
