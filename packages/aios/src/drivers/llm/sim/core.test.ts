import type { ChatArgs, ChatResult } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { ask, chat, contextOf, describeCore } from "../../../../test/conformance/core.ts";
import type { DriverEvent } from "../../../kernel/ports.ts";
import { realClock } from "../../clock/real.ts";
import { createVirtualClock } from "../../clock/virtual.ts";
import { createSimCore } from "./core.ts";
import type { SimCoreOptions } from "./core.ts";
import { noFaults } from "./parameters.ts";

const quick = { clock: realClock, ttftMs: 0, iterationMs: 1, perSequenceMs: 0 };

describeCore("sim", (situation) => {
  const faults = { ...noFaults };
  if (situation === "broken-before") faults.serverError = 1;
  if (situation === "rate-limited") faults.tooManyRequests = 1;
  if (situation === "broken-after") faults.disconnect = 1;
  // 503 is a refusal; the seed draws another status.
  const seed = 3;
  const outputTokens = situation === "endless" ? 20_000 : 40;
  const core = createSimCore({ ...quick, seed, faults, outputTokens, outputSigma: 0 });
  const idle = () => {
    expect([core.running, core.waiting]).toEqual([0, 0]);
    return Promise.resolve();
  };
  return Promise.resolve({
    core,
    model: "sim",
    arrived: () => core.arrived,
    idle,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});

function open(options: Omit<SimCoreOptions, "clock"> = {}) {
  const clock = createVirtualClock();
  const core = createSimCore({ clock, ttftMs: 0, ...options });
  const run = (args: ChatArgs, context = contextOf("sim")) => clock.run(chat(core, context, args));
  return { clock, core, run };
}

const contentOf = ({ message: { content } }: ChatResult): string => (typeof content === "string" ? content : "");

test("the answer is a function of prompt and seed alone", async () => {
  const answer = async (seed: number, text: string, before: number) => {
    const { core, clock } = open({ seed });
    for (let index = 0; index < before; index++) await clock.run(chat(core, contextOf("sim"), ask(`other ${index}`)));
    return (await clock.run(chat(core, contextOf("sim"), ask(text)))).result.message.content;
  };
  const first = await answer(1, "Tell me about clocks.", 0);
  expect(await answer(1, "Tell me about clocks.", 7)).toBe(first);
  expect(await answer(2, "Tell me about clocks.", 0)).not.toBe(first);
  expect(await answer(1, "Tell me about docks.", 0)).not.toBe(first);
  expect(first).toMatch(/^\(simulated\) /);
});

test("an iteration costs a0 + a1·b, and prefill is taken in chunks beside decoding", async () => {
  const outputTokens = 100;
  const { clock, core, run } = open({ slots: 4, outputTokens, outputSigma: 0, iterationMs: 10, perSequenceMs: 1 });
  const prompt = "x".repeat(4 * 1000);
  const { usage } = await run(ask(prompt));
  const promptTokens = usage?.inputTokens ?? 0;
  // Two iterations of prefill (the second gives the first token), then 99 of decoding alone.
  const alone = 2 * 10 + (promptTokens * 60) / 1000 + 99 * 11;
  expect(clock.nowMs()).toBeCloseTo(alone, 3);

  const startMs = clock.nowMs();
  await clock.run(Promise.all([1, 2, 3, 4].map((index) => chat(core, contextOf("sim"), ask(`short ${index}`)))));
  // Four decode together in 14 ms an iteration, not one after the other.
  expect(clock.nowMs() - startMs).toBeGreaterThan(99 * 14);
  expect(clock.nowMs() - startMs).toBeLessThan(101 * 14 + 5);
});

test("calls beyond the slots wait in order of arrival and none is lost", async () => {
  const { clock, core } = open({ slots: 2, outputTokens: 50, outputSigma: 0 });
  const ended: number[] = [];
  const calls = Array.from({ length: 7 }, async (_, index) => {
    await chat(core, contextOf("sim"), ask(`call ${index}`));
    ended.push(index);
  });
  await clock.run(10);
  expect([core.running, core.waiting]).toEqual([2, 5]);
  await clock.run(Promise.all(calls));
  expect(ended).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect([core.running, core.waiting]).toEqual([0, 0]);
});

test("streaming and not, the same work takes the same time and gives the same message", async () => {
  const plain = open();
  const streamed = open();
  const one = await plain.run(ask("Explain tides."));
  const other = await streamed.run(ask("Explain tides.", { stream: true }));
  expect(other.result).toEqual(one.result);
  expect(streamed.clock.nowMs()).toBeCloseTo(plain.clock.nowMs(), 6);
});

test("an abort frees the slot at once, and the next in line takes it", async () => {
  const { clock, core } = open({ slots: 1, outputTokens: 1000, outputSigma: 0 });
  const abort = new AbortController();
  const first = chat(core, contextOf("sim", abort.signal), ask("long"));
  const second = chat(core, contextOf("sim"), ask("next", { maxTokens: 1 }));
  const refused = expect(first).rejects.toMatchObject({ code: "ECANCELED" });
  await clock.run(500);
  abort.abort();
  await refused;
  await clock.run(second);
  expect(clock.nowMs()).toBeLessThan(540);
  expect(core.running).toBe(0);
});

test("maxTokens cuts the answer with finish reason length, and counts exactly", async () => {
  const { run } = open({ outputTokens: 200, outputSigma: 0 });
  const { result, usage } = await run(ask("Explain tides.", { maxTokens: 17 }));
  expect(result.finishReason).toBe("length");
  expect(usage?.outputTokens).toBe(17);
  expect(Buffer.byteLength(contentOf(result))).toBe(17 * 4);
});

test("a stop text ends the answer before it", async () => {
  const { run } = open({ outputTokens: 200, outputSigma: 0 });
  const whole = contentOf((await run(ask("Explain tides."))).result);
  const stop = whole.slice(60, 70);
  const { result } = await run(ask("Explain tides.", { stop: [stop] }));
  expect(result.finishReason).toBe("stop");
  expect(result.message.content).toBe(whole.slice(0, whole.indexOf(stop)));
});

test("a prompt beyond the context is EINVAL with both figures", async () => {
  const { run } = open({ models: [{ id: "sim", contextTokens: 100 }] });
  await expect(run(ask("x".repeat(500)))).rejects.toMatchObject({ code: "EINVAL", message: /12\d tokens.*100 tokens/ });
});

test("an unknown model is ENOENT, a member that changes the form of the answer EINVAL, a harmless one is ignored", async () => {
  const { run } = open();
  await expect(run(ask("hello"), contextOf("gpt-9"))).rejects.toMatchObject({ code: "ENOENT" });
  const foreign = (members: Record<string, unknown>) => ask("hello", { foreign: { dialect: "openai", members } });
  await expect(run(foreign({ n: 2 }))).rejects.toMatchObject({ code: "EINVAL", message: /\bn$/ });
  await run(foreign({ user: "somebody" }));
});

const requests = (events: readonly DriverEvent[]) =>
  events.flatMap((event) => (event.type === "limits" ? event.limits : [])).find(({ bucket }) => bucket === "requests");

test("a token bucket lets the burst through, then refuses with the true wait, and its headers count down", async () => {
  const { clock, core, run } = open({
    fixed: { latencyMs: 0, tokenMs: 0 },
    limits: { requestsPerMinute: 120, burst: 3 },
  });
  for (const left of [2, 1, 0]) expect(requests((await run(ask("hello"))).events)?.remaining).toBe(left);
  const refused = run(ask("hello"));
  await expect(refused).rejects.toMatchObject({ code: "EAGAIN", retryAfterMs: 500 });
  await clock.run(clock.nowMs() + 500);
  const { events } = await run(ask("hello"));
  expect(requests(events)).toMatchObject({ perMinute: 120, remaining: 0, resetMs: 1500 });
  expect(core.arrived).toBe(5);
});

test("a window server counts the requests of the last minute", async () => {
  const { clock, run } = open({
    fixed: { latencyMs: 1000, tokenMs: 0 },
    limits: { requestsPerMinute: 3 },
    limitBy: "window",
  });
  for (let index = 0; index < 3; index++) await run(ask("hello"));
  await expect(run(ask("hello"))).rejects.toMatchObject({ code: "EAGAIN", retryAfterMs: 57_000 });
  await clock.run(60_000);
  const both = await Promise.allSettled([run(ask("hello")), run(ask("hello"))]);
  expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
});

test("token buckets are charged for the prompt beforehand and for the answer afterwards", async () => {
  const { clock, run } = open({ outputTokens: 50, outputSigma: 0, limits: { tokensPerMinute: 100 } });
  const { usage } = await run(ask("hello"));
  const spent = (usage?.inputTokens ?? 0) + 50;
  const { events } = await run(ask("hello", { maxTokens: 1 }));
  const tokens = events.flatMap((event) => (event.type === "limits" ? event.limits : []))[0];
  expect(tokens?.remaining).toBeLessThan(100 - spent + 5);
  await clock.run(60_000);
});

test("limits reach the kernel beforehand only where they are declared", () => {
  const limits = { requestsPerMinute: 60 };
  expect(open({ limits, slots: 3 }).core.limits).toEqual({ requestsPerMinute: 60, concurrency: 3 });
  expect(open({ limits, areLimitsDeclared: false }).core.limits).toEqual({});
});

test("faults come as often as they should, and not because of what others do", async () => {
  const faults = { ...noFaults, serverError: 0.2 };
  const outcomes = async (others: number) => {
    const { clock, core } = open({ faults, fixed: { latencyMs: 1, tokenMs: 0 } });
    const attempt = async (pid: string) => {
      const context = { ...contextOf("sim"), pid: pid as ReturnType<typeof contextOf>["pid"] };
      return clock.run(chat(core, context, ask("hello"))).then(
        () => "done",
        () => "failed",
      );
    };
    const seen: string[] = [];
    for (let index = 0; index < 500; index++) {
      seen.push(await attempt("a"));
      for (let other = 0; other < others; other++) await attempt(`b${other}`);
    }
    return seen;
  };
  const alone = await outcomes(0);
  expect(alone.filter((outcome) => outcome === "failed").length).toBeGreaterThan(70);
  expect(alone.filter((outcome) => outcome === "failed").length).toBeLessThan(130);
  expect(await outcomes(2)).toEqual(alone);
});

test("a stalled call keeps its slot until it is aborted", async () => {
  const { clock, core } = open({ slots: 1, faults: { ...noFaults, stall: 1 } });
  const abort = new AbortController();
  const stalled = chat(core, contextOf("sim", abort.signal), ask("hello", { stream: true }));
  const refused = expect(stalled).rejects.toMatchObject({ code: "ECANCELED" });
  await clock.run(1_000_000);
  expect(core.running).toBe(1);
  abort.abort();
  await refused;
  expect(core.running).toBe(0);
});

test("a slow answer takes eight times as long and is otherwise the same", async () => {
  const options = { outputTokens: 100, outputSigma: 0, iterationMs: 10, perSequenceMs: 0, prefillUsPerToken: 0 };
  const slow = open({ ...options, faults: { ...noFaults, slow: 1 } });
  const usual = open(options);
  expect((await slow.run(ask("hello"))).result).toEqual((await usual.run(ask("hello"))).result);
  expect(slow.clock.nowMs()).toBeCloseTo(8 * usual.clock.nowMs(), 6);
});

test("the second prompt with the same beginning needs no prefill for it", async () => {
  const { run } = open({ prefixCacheTokens: 10_000 });
  const prefix = "the same long beginning ".repeat(100);
  expect((await run(ask(`${prefix} one`))).usage?.cachedInputTokens).toBe(0);
  const { usage } = await run(ask(`${prefix} two`));
  expect(usage?.cachedInputTokens).toBe(512);
  expect((await run(ask(`other ${prefix}`))).usage?.cachedInputTokens).toBe(0);
});

test("a sequence waits until the cache holds it", async () => {
  const { clock, core } = open({ slots: 8, kvTokens: 250, outputTokens: 100, outputSigma: 0 });
  const calls = [1, 2, 3].map((index) => chat(core, contextOf("sim"), ask(`call ${index}`)));
  await clock.run(5);
  expect([core.running, core.waiting]).toEqual([2, 1]);
  await clock.run(Promise.all(calls));
});

test("the fixed engine takes its latency whatever the load, up to its slots", async () => {
  const { clock, core } = open({ slots: 3, fixed: { latencyMs: 200, tokenMs: 0 } });
  const calls = Array.from({ length: 7 }, (_, index) => chat(core, contextOf("sim"), ask(`call ${index}`)));
  await clock.run(Promise.all(calls));
  expect(clock.nowMs()).toBe(600);
});

test("on the real clock the same seed gives the same answer as on the virtual one", async () => {
  const question = ask("Explain tides.", { maxTokens: 12 });
  const real: { result: ChatResult } = await chat(createSimCore(quick), contextOf("sim"), question);
  expect(real.result).toEqual((await open().run(question)).result);
});
