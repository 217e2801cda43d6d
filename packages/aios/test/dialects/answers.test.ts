// What a core's answer says × each door × whole or streamed, read by the official clients: the words, thoughts, calls, the reason
// to stop and the usage are the same whichever way they came.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { openDoors, type Doors } from "../e2e/open-doors.ts";
import type { Answer } from "../upstream.ts";

/** An answer as its reader understands it. */
interface Understood {
  readonly text: string;
  readonly thoughts: string;
  readonly calls: readonly { id: string; name: string; input: unknown }[];
  readonly why: "end" | "length" | "calls" | "refusal" | "stop sequence";
  readonly usage: readonly [read: number, cached: number, written: number];
}

const said = (json: string): unknown => JSON.parse(json) as unknown;
const question = [{ role: "user" as const, content: "hi" }];

async function throughChat(doors: Doors, model: string, isStreamed: boolean): Promise<Understood> {
  const client = new OpenAI({ baseURL: `${doors.url}/v1`, apiKey: doors.key, maxRetries: 0 });
  const asked = { model, messages: question, max_completion_tokens: 64, stop: ["END"] };
  // Not OpenAI's own: its client puts the pieces of what it does not know together by taking the last.
  let thoughts = "";
  const streamed = (): Promise<OpenAI.ChatCompletion> => {
    const stream = client.chat.completions.stream({ ...asked, stream_options: { include_usage: true } });
    stream.on("chunk", ({ choices }) => {
      thoughts += (choices[0]?.delta as { reasoning_content?: string } | undefined)?.reasoning_content ?? "";
    });
    return stream.finalChatCompletion();
  };
  const whole = isStreamed ? await streamed() : await client.chat.completions.create(asked);
  const [choice] = whole.choices;
  const message = choice?.message as OpenAI.ChatCompletionMessage & { reasoning_content?: string };
  const reasons = {
    stop: "end",
    length: "length",
    tool_calls: "calls",
    content_filter: "refusal",
    function_call: "calls",
  };
  return {
    text: message.content ?? "",
    thoughts: isStreamed ? thoughts : (message.reasoning_content ?? ""),
    calls: (message.tool_calls ?? []).flatMap((call) =>
      call.type === "function" ? [{ id: call.id, name: call.function.name, input: said(call.function.arguments) }] : [],
    ),
    why: reasons[choice?.finish_reason ?? "stop"] as Understood["why"],
    usage: [
      whole.usage?.prompt_tokens ?? -1,
      whole.usage?.prompt_tokens_details?.cached_tokens ?? -1,
      whole.usage?.completion_tokens ?? -1,
    ],
  };
}

async function throughResponses(doors: Doors, model: string, isStreamed: boolean): Promise<Understood> {
  const client = new OpenAI({ baseURL: `${doors.url}/v1`, apiKey: doors.key, maxRetries: 0 });
  const asked = { model, input: "hi", max_output_tokens: 64 };
  const whole = isStreamed
    ? await client.responses.stream(asked).finalResponse()
    : await client.responses.create(asked);
  const calls = whole.output.flatMap((item) =>
    item.type === "function_call" ? [{ id: item.call_id, name: item.name, input: said(item.arguments) }] : [],
  );
  const cut = whole.incomplete_details?.reason;
  return {
    text: whole.output
      .flatMap((item) => (item.type === "message" ? item.content : []))
      .map((part) => (part.type === "output_text" ? part.text : part.refusal))
      .join(""),
    thoughts: whole.output
      .flatMap((item) => (item.type === "reasoning" ? item.summary : []))
      .map(({ text }) => text)
      .join(""),
    calls,
    why:
      cut === "max_output_tokens"
        ? "length"
        : cut === "content_filter"
          ? "refusal"
          : calls.length > 0
            ? "calls"
            : "end",
    usage: [
      whole.usage?.input_tokens ?? -1,
      whole.usage?.input_tokens_details.cached_tokens ?? -1,
      whole.usage?.output_tokens ?? -1,
    ],
  };
}

async function throughAnthropic(doors: Doors, model: string, isStreamed: boolean): Promise<Understood> {
  const client = new Anthropic({ baseURL: doors.url, apiKey: doors.key, maxRetries: 0 });
  const asked = { model, messages: question, max_tokens: 64, stop_sequences: ["END"] };
  const whole = isStreamed ? await client.messages.stream(asked).finalMessage() : await client.messages.create(asked);
  const { usage } = whole;
  const reasons: Record<string, Understood["why"]> = {
    end_turn: "end",
    max_tokens: "length",
    tool_use: "calls",
    refusal: "refusal",
    stop_sequence: "stop sequence",
  };
  return {
    text: whole.content.map((block) => (block.type === "text" ? block.text : "")).join(""),
    thoughts: whole.content.map((block) => (block.type === "thinking" ? block.thinking : "")).join(""),
    calls: whole.content.flatMap((block) =>
      block.type === "tool_use" ? [{ id: block.id, name: block.name, input: block.input }] : [],
    ),
    why: reasons[whole.stop_reason ?? ""] ?? "end",
    usage: [
      usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0),
      usage.cache_read_input_tokens ?? 0,
      usage.output_tokens,
    ],
  };
}

const doorsOf = { chat: throughChat, responses: throughResponses, anthropic: throughAnthropic };

interface Case {
  readonly what: string;
  readonly answer: Omit<Answer, "is" | "finishReason">;
  /** As each kind of upstream says it. Default: what goes with the answer. */
  readonly finish?: Readonly<Record<"up" | "claude", string>>;
  readonly understood: Omit<Understood, "usage">;
}

const none = { text: "", thoughts: "", calls: [], why: "end" as const };
const look = { id: "call_1", name: "look", arguments: '{"at":"the \\"sky\\"","n":0.1}' };
const hear = { id: "call_2", name: "hear", arguments: "{}" };
const inputs = [
  { id: "call_1", name: "look", input: { at: 'the "sky"', n: 0.1 } },
  { id: "call_2", name: "hear", input: {} },
];

const cases: readonly Case[] = [
  { what: "words", answer: { pieces: ["Grüß", " 🌍", "\n"] }, understood: { ...none, text: "Grüß 🌍\n" } },
  {
    what: "thoughts, then words",
    answer: { reasoning: ["Let me", " see."], pieces: ["Yes."] },
    understood: { ...none, text: "Yes.", thoughts: "Let me see." },
  },
  {
    what: "words, then two calls",
    answer: { pieces: ["Looking."], toolCalls: [look, hear] },
    understood: { ...none, text: "Looking.", calls: inputs, why: "calls" },
  },
  {
    what: "thoughts, then calls alone",
    answer: { reasoning: ["Hm."], toolCalls: [hear, look] },
    understood: { ...none, thoughts: "Hm.", calls: inputs.toReversed(), why: "calls" },
  },
  {
    what: "the end of the room",
    answer: { pieces: ["Cut o"] },
    finish: { up: "length", claude: "max_tokens" },
    understood: { ...none, text: "Cut o", why: "length" },
  },
  {
    what: "a refusal",
    answer: { pieces: ["I would rather not."] },
    finish: { up: "content_filter", claude: "refusal" },
    understood: { ...none, text: "I would rather not.", why: "refusal" },
  },
];

describe.each(cases)("an answer of $what", ({ answer, finish, understood }) => {
  test.each([
    ["up", false],
    ["up", true],
    ["claude", false],
    ["claude", true],
  ] as const)("says the same through each door, from %s, streamed: %s", async (core, isStreamed) => {
    await using doors = await openDoors({
      speaksAnthropic: true,
      script: () => ({ is: "answer", ...answer, ...(finish ? { finishReason: finish[core] } : {}) }),
    });
    for (const door of ["chat", "responses", "anthropic"] as const) {
      const read = await doorsOf[door](doors, `${core}/m`, isStreamed);
      expect(read, door).toEqual({ ...understood, usage: [12, 4, 7] });
    }
  });
});
