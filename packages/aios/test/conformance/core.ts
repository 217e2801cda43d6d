import { asCallId, asPid, asTenantId, isSysError, type ChatArgs, type ChatResult } from "@aiosjs/sdk/protocol";
import { afterEach, describe, expect, test } from "vitest";
import type { Core, DriverContext, DriverEvent } from "../../src/kernel/ports.ts";

/**
 * What the core under test is made to meet. `open` sets its upstream up so that the next calls go that way:
 * - `text`: an answer of several words, in several pieces when it is streamed
 * - `tool-call`: a call of the tool that the request offers
 * - `structured`: JSON that fits the schema of the request
 * - `endless`: an answer that starts and does not end by itself
 * - `rate-limited`: a refusal that says when to come back
 * - `broken-before`: no answer at all, of a kind that may work the next time
 * - `broken-after`: an answer that breaks off after some text
 */
export type Situation =
  | "text"
  | "tool-call"
  | "structured"
  | "endless"
  | "rate-limited"
  | "broken-before"
  | "broken-after";

interface OpenedCore extends AsyncDisposable {
  readonly core: Core;
  /** A model that it serves, without the core's name. */
  readonly model: string;
  /** Calls that reached the upstream so far. */
  arrived(): number;
  /** Resolves when the upstream works on no call of this core any more. */
  idle(): Promise<void>;
}

interface Outcome {
  readonly batches: readonly (readonly DriverEvent[])[];
  readonly events: readonly DriverEvent[];
  readonly result: ChatResult;
  readonly usage: Extract<DriverEvent, { type: "result" }>["usage"];
}

let serial = 0;

export function contextOf(model: string, signal: AbortSignal = new AbortController().signal): DriverContext {
  return {
    call: asCallId(`call-${++serial}`),
    idempotencyKey: "once",
    pid: asPid("pid-1"),
    tenant: asTenantId("local"),
    model,
    signal,
    syscall: () => Promise.reject(new Error("a core makes no nested syscalls")),
  };
}

/** Runs one chat to its end and checks what holds for every stream of driver events. */
export async function chat(core: Core, context: DriverContext, args: ChatArgs): Promise<Outcome> {
  const batches: (readonly DriverEvent[])[] = [];
  for await (const batch of core.execute("llm.chat", args, context)) batches.push(batch);
  const events = batches.flat();
  expect(batches.every((batch) => batch.length > 0)).toBe(true);
  expect(events.filter((event) => event.type === "result")).toHaveLength(1);
  const last = events.at(-1);
  if (last?.type !== "result") throw new Error("the result is not the last event");
  return { batches, events, result: last.result as ChatResult, usage: last.usage };
}

export const ask = (content: string, more: Partial<ChatArgs> = {}): ChatArgs => ({
  model: "auto",
  messages: [{ role: "user", content }],
  ...more,
});

/** What a subscriber makes of the deltas. */
function addUp(events: readonly DriverEvent[]) {
  let text = "";
  let reasoning = "";
  const calls: { id: string; name: string; arguments: string }[] = [];
  for (const event of events) {
    if (event.type === "text.delta") text += event.text;
    if (event.type === "reasoning.delta") reasoning += event.text;
    if (event.type !== "tool-call.delta") continue;
    const call = (calls[event.index] ??= { id: event.id ?? "", name: event.name ?? "", arguments: "" });
    call.arguments += event.arguments;
  }
  return { text, reasoning, calls };
}

const textOf = ({ message: { content } }: ChatResult): string => (typeof content === "string" ? content : "");

const failureOf = async (run: Promise<unknown>) => {
  const cause: unknown = await run.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!isSysError(cause)) throw new Error("it did not fail with a SysError", { cause });
  return cause;
};

const weather = {
  name: "weather",
  description: "The weather of a city",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

interface CoreTraits {
  /** False for an upstream whose refusals name no time. Default: true. */
  readonly tellsWhenToComeBack?: boolean;
  /** False for a core that calls no tools: offering one is refused. Default: true. */
  readonly callsTools?: boolean;
  /** False for an upstream that knows no schemas: asking for one is refused. Default: true. */
  readonly honoursSchemas?: boolean;
}

/** Every model core passes this: `describeCore("openai", open)`. */
export function describeCore(
  name: string,
  open: (situation: Situation) => Promise<OpenedCore>,
  { tellsWhenToComeBack = true, callsTools = true, honoursSchemas = true }: CoreTraits = {},
): void {
  describe(`${name} as a model core`, () => {
    const opened: OpenedCore[] = [];
    const start = async (situation: Situation): Promise<OpenedCore> => {
      const core = await open(situation);
      opened.push(core);
      return core;
    };
    afterEach(async () => {
      for (const core of opened.splice(0)) await core[Symbol.asyncDispose]();
    });

    test("a plain chat ends in one result that names core and model, says why it ended and what it cost", async () => {
      const { core, model } = await start("text");
      const { result, usage } = await chat(core, contextOf(model), ask("Say something."));
      expect(result.message.role).toBe("assistant");
      expect(result.message.content).toMatch(/\S/);
      expect(result.finishReason).toBe("stop");
      expect(result.model).toBe(`${core.name}/${model}`);
      expect(usage?.inputTokens).toBeGreaterThan(0);
      expect(usage?.outputTokens).toBeGreaterThan(0);
    });

    test("streamed deltas add up to the result", async () => {
      const { core, model } = await start("text");
      const { events, result, usage } = await chat(core, contextOf(model), ask("Say something.", { stream: true }));
      const { text, reasoning } = addUp(events);
      expect(events.filter((event) => event.type === "text.delta").length).toBeGreaterThan(1);
      expect(text).toBe(result.message.content);
      expect(reasoning).toBe(result.message.reasoning ?? "");
      expect(usage?.outputTokens).toBeGreaterThan(0);
    });

    test.each([true, false])("a tool call arrives with id, name and JSON arguments (streamed: %s)", async (stream) => {
      const { core, model } = await start("tool-call");
      const args = ask("What is the weather in Paris?", { tools: [weather], toolChoice: "required", stream });
      if (!callsTools) {
        expect((await failureOf(chat(core, contextOf(model), args))).code).toBe("EINVAL");
        return;
      }
      const { events, result } = await chat(core, contextOf(model), args);
      expect(result.finishReason).toBe("tool-calls");
      const [call] = result.message.toolCalls ?? [];
      expect(call?.id).toMatch(/\S/);
      expect(call?.name).toBe("weather");
      expect(JSON.parse(call?.arguments ?? "")).toBeTypeOf("object");
      if (stream) expect(addUp(events).calls).toEqual(result.message.toolCalls);
    });

    test("structured output is JSON of the schema that was asked for, or refused", async () => {
      const { core, model } = await start("structured");
      const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
      const args = ask("Name a city.", { responseFormat: { type: "json-schema", name: "city", schema, strict: true } });
      if (!honoursSchemas) {
        expect((await failureOf(chat(core, contextOf(model), args))).code).toBe("EINVAL");
        return;
      }
      const { result } = await chat(core, contextOf(model), args);
      const json = JSON.parse(textOf(result)) as Record<string, unknown>;
      expect(json["city"]).toBeTypeOf("string");
    });

    test("an abort ends the call at once with ECANCELED and frees the upstream", async () => {
      const { core, model, ...upstream } = await start("endless");
      const controller = new AbortController();
      const read = async () => {
        const context = contextOf(model, controller.signal);
        for await (const batch of core.execute("llm.chat", ask("Go on.", { stream: true }), context)) {
          if (batch.some((event) => event.type === "text.delta")) controller.abort();
        }
      };
      expect((await failureOf(read())).code).toBe("ECANCELED");
      await upstream.idle();
    });

    test("a reader that leaves frees the upstream", async () => {
      const { core, model, ...upstream } = await start("endless");
      for await (const batch of core.execute("llm.chat", ask("Go on.", { stream: true }), contextOf(model))) {
        if (batch.some((event) => event.type === "text.delta")) break;
      }
      await upstream.idle();
    });

    test("a call that is cancelled before it starts never reaches the upstream", async () => {
      const { core, model, ...upstream } = await start("endless");
      const failure = await failureOf(chat(core, contextOf(model, AbortSignal.abort()), ask("Go on.")));
      expect(failure.code).toBe("ECANCELED");
      expect(upstream.arrived()).toBe(0);
    });

    test("a rate limit is EAGAIN, retryable, and says when to come back where the upstream does", async () => {
      const { core, model } = await start("rate-limited");
      const failure = await failureOf(chat(core, contextOf(model), ask("Say something.")));
      expect(failure).toMatchObject({ code: "EAGAIN", retryable: true });
      if (tellsWhenToComeBack) expect(failure.retryAfterMs).toBeGreaterThan(0);
      else expect(failure.retryAfterMs).toBeUndefined();
    });

    test("an upstream that breaks before it answers is a retryable error that names the core", async () => {
      const { core, model } = await start("broken-before");
      const failure = await failureOf(chat(core, contextOf(model), ask("Say something.", { stream: true })));
      expect(["EIO", "ENODEV"]).toContain(failure.code);
      expect(failure.retryable).toBe(true);
      expect(failure.message).toContain(core.name);
    });

    test("an upstream that breaks off mid-answer fails after the deltas that came, never with a result", async () => {
      const { core, model } = await start("broken-after");
      const events: DriverEvent[] = [];
      const read = async () => {
        const context = contextOf(model);
        for await (const batch of core.execute("llm.chat", ask("Say something.", { stream: true }), context)) {
          events.push(...batch);
        }
      };
      expect((await failureOf(read())).code).toBe("EIO");
      expect(events.some((event) => event.type === "text.delta")).toBe(true);
      expect(events.some((event) => event.type === "result")).toBe(false);
    });
  });
}
