// A core that is replaced, and a server that closes, while answers are on their way: each call ends once, and nothing stays open.
import { expect, test } from "vitest";
import { createAnthropicCore } from "../../src/drivers/llm/anthropic/core.ts";
import { createOpenAiCore } from "../../src/drivers/llm/openai/core.ts";
import { lanesIdle, openDoors } from "../e2e/open-doors.ts";
import { openUpstream } from "../upstream.ts";

const messages = [{ role: "user", content: "hi" }];
const common = { endpoint: 0, models: [{ id: "m" }], limits: { concurrency: 4 } };
const kinds = {
  openai: (baseUrl: string) => createOpenAiCore({ ...common, name: "one", kind: "compatible", baseUrl }),
  anthropic: (baseUrl: string) => createAnthropicCore({ ...common, name: "one", baseUrl }),
};

test.each(["openai", "anthropic"] as const)(
  "a core (%s) that is disposed of lets running answers end",
  async (kind) => {
    const { promise: go, resolve: release } = Promise.withResolvers<void>();
    await using upstream = await openUpstream(() => ({ is: "answer", after: go }));
    const core = kinds[kind](upstream.baseUrl);
    await using doors = await openDoors({ cores: [core] });
    const answers = [false, true].map((stream) =>
      doors.fetch("/v1/chat/completions", { body: { model: "one/m", messages, max_tokens: 9, stream } }),
    );
    await upstream.received(2);
    let isDisposed = false;
    const disposed = core[Symbol.asyncDispose]().then(() => (isDisposed = true));
    expect(isDisposed).toBe(false);
    release();
    for (const answer of answers) {
      const response = await answer;
      expect([response.status, (await response.text()).includes("world")]).toEqual([200, true]);
    }
    await disposed;
    await upstream.idle();
    await lanesIdle(doors);
  },
);

test.each(["openai", "anthropic"] as const)(
  "a server that closes ends streams of a core (%s) in words, and frees the upstream",
  async (kind) => {
    await using upstream = await openUpstream(() => ({ is: "answer", isEndless: true }));
    for (const [path, body] of [
      ["/v1/chat/completions", { messages }],
      ["/v1/messages", { messages, max_tokens: 9 }],
      ["/v1/responses", { input: "hi" }],
    ] as const) {
      await using core = kinds[kind](upstream.baseUrl);
      await using doors = await openDoors({ cores: [core] });
      const response = await doors.fetch(path, { body: { ...body, model: "one/m", stream: true } });
      const read = response.text();
      await doors.close();
      expect([response.status, path, await read]).toEqual([
        200,
        path,
        expect.stringMatching(/shutting down|closing|stopp/i),
      ]);
      await upstream.idle();
      await lanesIdle(doors);
    }
  },
);
