import { expect, test, vi } from "vitest";
import { ask, chat, contextOf, describeCore } from "../../../../test/conformance/core.ts";
import { openLocalModel, saying } from "../../../../test/local-model.ts";
import type { RandomModel } from "../../../bench/random-model.ts";

describeCore("llama", async (situation) => {
  const models: Partial<Record<typeof situation, RandomModel>> = {
    "tool-call": saying.shortJson,
    structured: saying.shortJson,
    endless: saying.endless,
    "broken-after": saying.endless,
    "rate-limited": saying.endless,
  };
  const local = await openLocalModel(models[situation] ?? saying.words);
  const { core } = local;
  const leaving = new AbortController();
  if (situation === "broken-before") local.breakAt(1);
  if (situation === "broken-after") local.breakAt(5);
  if (situation === "rate-limited") {
    // It stands between two tokens until the core closes.
    const other = core.execute("llm.chat", ask("Go on.", { stream: true }), contextOf("tiny"))[Symbol.asyncIterator]();
    await other.next();
    leaving.signal.addEventListener("abort", () => void other.return?.());
  }
  return {
    core,
    model: "tiny",
    arrived: () => local.steps(),
    idle: () => vi.waitFor(() => expect(core.freeTokens?.()).toBeGreaterThan(0)),
    async [Symbol.asyncDispose]() {
      leaving.abort();
      await local[Symbol.asyncDispose]();
    },
  };
});

test("an answer is cut at maxTokens and says so, and its figures are exact", async () => {
  await using local = await openLocalModel(saying.endless);
  const args = ask("Go on.", { maxTokens: 7 });
  const { result, usage } = await chat(local.core, contextOf("tiny"), args);
  expect(result.finishReason).toBe("length");
  expect(result.message.content).toBe("on and on and on and on");
  expect(usage).toMatchObject({ outputTokens: 7, cachedInputTokens: 0, wastedTokens: 0, costUsd: 0 });
  expect(usage?.inputTokens).toBe(
    await local.core.count?.(args, { model: "tiny", signal: new AbortController().signal }),
  );
});

test("an answer ends before a stop text, wherever tokens begin and end", async () => {
  await using local = await openLocalModel(saying.words);
  const { result, events } = await chat(local.core, contextOf("tiny"), ask("Hi", { stop: ["at yo"], stream: true }));
  expect(result).toMatchObject({ finishReason: "stop", message: { content: "Say wh" } });
  expect(events.map((event) => (event.type === "text.delta" ? event.text : "")).join("")).toBe("Say wh");
});
