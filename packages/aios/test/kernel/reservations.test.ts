// What calls reserve of budgets and rate buckets, and how it is corrected while they run.
import { noUsage } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import type { VirtualClock } from "../../src/drivers/clock/virtual.ts";
import type { Core, DriverContext, DriverEvent, RateLimits } from "../../src/kernel/ports.ts";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

const ask = [{ role: "user" as const, content: "hello" }];

describe("the longest answer that a model gives", () => {
  async function open() {
    const seen: (number | undefined)[] = [];
    const rig = await openRig({
      cores: (clock) => [
        createScriptedCore({
          clock,
          models: [{ id: "m", maxOutputTokens: 1_000 }],
          script: ({ args }) => void seen.push(args.maxTokens),
        }),
      ],
    });
    const chat = async (maxTokens?: number) => {
      const call = async () =>
        rig.client("one").client.llm.chat({ messages: ask, ...(maxTokens === undefined ? {} : { maxTokens }) });
      return rig.clock.run(call());
    };
    return { ...rig, seen, chat };
  }

  test("bounds what its upstream is asked for; what nobody asked for is not said", async () => {
    const { chat, seen } = await open();
    await chat(5_000);
    await chat(500);
    await chat();
    expect(seen).toEqual([1_000, 500, undefined]);
  });

  test("is all that a budget reserves and asks for, and no clamping", async () => {
    const { chat, seen, admin, client } = await open();
    const { pid } = client("one");
    await admin.budget.set({ scope: "tenant:local", limits: [{ resource: "tokens", limit: 1_000_000 }] });
    const result = await chat();
    expect(result.isClamped).toBeUndefined();
    expect(seen).toEqual([1_000]);
    await admin.proc.limits({ pid, limits: [{ resource: "tokens", limit: 700 }] });
    expect((await chat(5_000)).isClamped).toBe(true);
    expect(seen[1]).toBeGreaterThan(690);
    expect(seen[1]).toBeLessThan(700);
  });
});

/** Streams `pieces` of 40 bytes, which are ten tokens, one every 10 ms: the buckets hardly refill meanwhile. */
function streamingCore(clock: VirtualClock, limits: RateLimits, pieces: number): Core {
  const core = createScriptedCore({ clock, limits: { concurrency: 4, ...limits } });
  return {
    ...core,
    async *execute(_name: string, _args: unknown, { signal }: DriverContext): AsyncGenerator<readonly DriverEvent[]> {
      const content = "x".repeat(40);
      for (let piece = 0; piece < pieces; piece++) {
        await clock.wakeAt(clock.nowMs() + 10, signal);
        yield [{ type: "text.delta", text: content }];
      }
      const message = { role: "assistant", content: content.repeat(pieces) };
      const usage = { ...noUsage, inputTokens: 4, outputTokens: pieces * 10 };
      yield [{ type: "result", result: { message, finishReason: "stop", model: "m" }, usage }];
    },
  };
}

const levelOf = async ({ admin }: Rig): Promise<number> => {
  const { lanes } = await admin.llm.lanes();
  return Math.round(lanes[0]?.buckets.find(({ name }) => name === "outputTokens")?.level ?? Number.NaN);
};
const limits = { outputTokensPerMinute: 1_000 };
const capacity = 950;

describe("the bucket of output tokens", () => {
  test("reserves what answers at the place have had, or with outputReserve: max what the call may have", async () => {
    for (const outputReserve of ["estimate", "max"] as const) {
      const rig = await openRig({ cores: (clock) => [streamingCore(clock, { ...limits, outputReserve }, 2)] });
      const { client } = rig.client("one");
      const call = async () => client.llm.chat({ messages: ask, maxTokens: 300, callSite: "here" });
      await rig.clock.run(call());
      await rig.clock.run(rig.clock.nowMs() + 60_000);
      const second = call();
      await rig.clock.run(rig.clock.nowMs() + 10);
      expect(await levelOf(rig)).toBe(capacity - (outputReserve === "max" ? 300 : 20));
      await rig.clock.run(second);
    }
  });

  test("loses what an answer has beyond its reservation as it comes, and is settled once", async () => {
    const rig = await openRig({ cores: (clock) => [streamingCore(clock, limits, 30)] });
    const { client } = rig.client("one");
    // An answer of 300 tokens where 100 were told to be the most: the upstream ignored it.
    const call = (async () => client.llm.chat({ messages: ask, maxTokens: 100 }))();
    const startMs = rig.clock.nowMs();
    // What refills in a third of a second.
    const expectTaken = async (tokens: number) =>
      expect(Math.abs((await levelOf(rig)) - (capacity - tokens))).toBeLessThan(6);
    for (const [ms, tokens] of [
      [55, 100],
      [205, 200],
      [255, 250],
    ] as const) {
      await rig.clock.run(startMs + ms);
      await expectTaken(tokens);
    }
    await rig.clock.run(call);
    await expectTaken(300);
  });
});
