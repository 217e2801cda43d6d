import { createClient, isTerminal } from "@aiosjs/sdk";
import type { SyscallOptions, SysEvent, Transport } from "@aiosjs/sdk";
import { afterEach, describe, expect, test } from "vitest";

/**
 * A way into a kernel whose model `m` does what the last message says: `hi` is answered in several pieces, `endless` starts and
 * does not end, `silence` never says anything, `broken` breaks off after some text.
 */
export interface OpenedTransport extends AsyncDisposable {
  readonly transport: Transport;
  /** Resolves with the n-th request (from 1) at the model's upstream. */
  received(n: number): Promise<unknown>;
  /** Requests that reached the upstream so far. */
  arrived(): number;
  /** Resolves when the upstream works on nothing any more. */
  idle(): Promise<void>;
}

const say = (content: string) => ({ model: "m", stream: true, messages: [{ role: "user", content }] });

/** Every transport passes this: what a program sees is the same in the kernel's process and far from it. */
export function describeTransport(name: string, open: () => Promise<OpenedTransport>): void {
  describe(`${name} as a transport`, () => {
    const opened: OpenedTransport[] = [];
    const start = async (): Promise<OpenedTransport> => {
      const one = await open();
      opened.push(one);
      return one;
    };
    afterEach(async () => {
      for (const one of opened.splice(0)) await one[Symbol.asyncDispose]();
    });

    const run = async (
      { transport }: OpenedTransport,
      [syscall, args]: [string, unknown],
      options?: SyscallOptions,
    ): Promise<SysEvent[]> => {
      const events: SysEvent[] = [];
      for await (const batch of transport.syscall(syscall, args, options)) {
        expect(batch.length).toBeGreaterThan(0);
        events.push(...batch);
      }
      expect(events.filter(isTerminal)).toEqual([events.at(-1)]);
      return events;
    };
    const failureOf = (events: readonly SysEvent[]) => {
      const last = events.at(-1);
      if (last?.type !== "syscall.failed") throw new Error(`it ended with ${last?.type}`);
      return last.error;
    };

    test("a call goes from queued over started and its deltas to one last event, which has all of it", async () => {
      const events = await run(await start(), ["llm.chat", say("hi")]);
      expect(events.map(({ type }) => type).filter((type, index, types) => type !== types[index - 1])).toEqual([
        "syscall.queued",
        "syscall.started",
        "text.delta",
        "syscall.completed",
      ]);
      const text = events.map((event) => (event.type === "text.delta" ? event.text : "")).join("");
      expect(text).toMatch(/\S/);
      const [queued, last] = [events[0], events.at(-1)];
      expect(queued).toMatchObject({
        name: "llm.chat",
        call: expect.any(String) as string,
        pid: expect.any(String) as string,
      });
      if (last?.type !== "syscall.completed") throw new Error("not completed");
      expect(last.result).toMatchObject({ message: { content: text }, finishReason: "stop" });
      expect(last.usage.outputTokens).toBeGreaterThan(0);
      expect(last.timing.turnaroundMs).toBe(last.timing.endedAt - last.timing.queuedAt);
    });

    test("a view of the kernel is a call like any other", async () => {
      const events = await run(await start(), ["llm.models", {}]);
      expect(events.at(-1)).toMatchObject({ type: "syscall.completed", result: { models: [{ id: "m" }] } });
    });

    test("what is wrong with a call is its last event, not an exception", async () => {
      const one = await start();
      expect(failureOf(await run(one, ["llm.sing", {}]))).toMatchObject({
        code: "ENOSYS",
        status: 404,
        retryable: false,
      });
      expect(failureOf(await run(one, ["llm.chat", { messages: [] }]))).toMatchObject({
        code: "EINVAL",
        detail: expect.stringContaining("messages") as string,
        hint: expect.any(String) as string,
      });
      expect(failureOf(await run(one, ["proc.show", { pid: "nobody" }]))).toMatchObject({ code: "ESRCH" });
      expect(one.arrived()).toBe(0);
    });

    test("an upstream that breaks midway ends the call with what was said before", async () => {
      const events = await run(await start(), ["llm.chat", say("broken")]);
      expect(events.some(({ type }) => type === "text.delta")).toBe(true);
      expect(failureOf(events)).toMatchObject({ code: "EIO" });
    });

    test("a deadline ends a call that says nothing", async () => {
      const one = await start();
      expect(failureOf(await run(one, ["llm.chat", say("silence")], { deadlineMs: 50 }))).toMatchObject({
        code: "ETIMEDOUT",
      });
      await one.idle();
    });

    test("an abort while the model speaks is ECANCELED, and the upstream is let go", async () => {
      const one = await start();
      const controller = new AbortController();
      const events: SysEvent[] = [];
      for await (const batch of one.transport.syscall("llm.chat", say("endless"), { signal: controller.signal })) {
        events.push(...batch);
        if (batch.some(({ type }) => type === "text.delta")) controller.abort();
      }
      expect(failureOf(events)).toMatchObject({ code: "ECANCELED", retryable: false });
      expect(events.filter(isTerminal)).toHaveLength(1);
      await one.idle();
    });

    test("an abort while the model says nothing yet is ECANCELED, and the upstream is let go", async () => {
      const one = await start();
      const controller = new AbortController();
      const events = run(one, ["llm.chat", say("silence")], { signal: controller.signal });
      await one.received(1);
      controller.abort();
      expect(failureOf(await events)).toMatchObject({ code: "ECANCELED" });
      await one.idle();
    });

    test("a call whose signal has aborted already never reaches the model", async () => {
      const one = await start();
      const events = await run(one, ["llm.chat", say("hi")], { signal: AbortSignal.abort() });
      expect(failureOf(events)).toMatchObject({ code: "ECANCELED" });
      expect(one.arrived()).toBe(0);
    });

    test("a reader who leaves ends the call", async () => {
      const one = await start();
      for await (const batch of one.transport.syscall("llm.chat", say("endless")))
        if (batch.some(({ type }) => type === "text.delta")) break;
      await one.idle();
    });

    test("aborting after the end changes nothing, and the next call with that signal never reaches the model", async () => {
      const one = await start();
      const controller = new AbortController();
      await run(one, ["llm.chat", say("hi")], { signal: controller.signal });
      controller.abort();
      expect(failureOf(await run(one, ["llm.chat", say("hi")], { signal: controller.signal })).code).toBe("ECANCELED");
      expect(one.arrived()).toBe(1);
    });

    test("a hundred calls at once are answered each with its own", async () => {
      const client = createClient((await start()).transport);
      const outcomes = await Promise.all(
        Array.from({ length: 100 }, () => client.llm.chat(say("hi") as never).outcome()),
      );
      const texts = new Set(outcomes.map(({ result }) => JSON.stringify(result.message.content)));
      expect({ calls: outcomes.length, texts: texts.size }).toEqual({ calls: 100, texts: 1 });
    });
  });
}
