import type { SysEvent } from "@aiosjs/sdk/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openLocalModel } from "../../../../test/local-model.ts";
import { openRig } from "../../../../test/rig.ts";

let local: Awaited<ReturnType<typeof openLocalModel>>;
beforeAll(async () => {
  local = await openLocalModel({}, { sequences: 1 });
}, 60_000);
afterAll(() => local[Symbol.asyncDispose]());

test("behind the kernel a call makes way for a person's, and goes on token by token as if it had not", async () => {
  // Time stands still: only the machine works.
  const { client } = await openRig({ cores: () => [local.core] });
  const call = (session: string, content: string, quality: { class?: "interactive" } = {}) =>
    client(session).client.llm.chat(
      { messages: [{ role: "user", content }], stream: true, temperature: 0, maxTokens: session === "quick" ? 4 : 60 },
      quality,
    );
  const read = async (events: AsyncIterable<SysEvent>, whenItWrites?: () => void) => {
    let text = "";
    const seen: SysEvent[] = [];
    for await (const event of events) {
      if (event.type === "text.delta") {
        if (text === "") whenItWrites?.();
        text += event.text;
      }
      seen.push(event);
    }
    return { text, seen, last: seen.at(-1) };
  };
  const whole = await read(call("alone", "Tell of the sea."));
  let quick: ReturnType<typeof read> | undefined;
  let quickEndedFirst = false;
  const story = await read(call("story", "Tell of the sea."), () => {
    quick = read(call("quick", "And the land?", { class: "interactive" }));
    void quick.then(() => (quickEndedFirst = true));
  });
  expect(quickEndedFirst).toBe(true);
  expect(story.seen.filter(({ type }) => type === "syscall.preempted")).toEqual([
    { type: "syscall.preempted", resume: "kv" },
  ]);
  expect(story.text).toBe(whole.text);
  expect(story.last).toMatchObject({ type: "syscall.completed", usage: { outputTokens: 60, wastedTokens: 0 } });
  expect((await quick)?.last?.type).toBe("syscall.completed");
}, 60_000);
