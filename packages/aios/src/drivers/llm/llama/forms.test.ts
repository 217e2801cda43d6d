import type { ChatArgs, ChatResult } from "@aiosjs/sdk/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { ask, chat, contextOf } from "../../../../test/conformance/core.ts";
import { openLocalModel, saying } from "../../../../test/local-model.ts";
import { narrow } from "./schema.ts";

const jsonOf = ({ result }: { result: ChatResult }): unknown => {
  const { content } = result.message;
  return JSON.parse(typeof content === "string" ? content : "");
};

type Schema = Parameters<typeof z.fromJSONSchema>[0];

const trip = {
  type: "object",
  $defs: { stop: { type: "object", properties: { name: { type: "string", maxLength: 6 } }, required: ["name"] } },
  properties: {
    to: { type: "string", minLength: 2, maxLength: 8 },
    days: { type: "integer" },
    by: { enum: ["train", "ship"] },
    kind: { const: "trip" },
    stops: { type: "array", items: { $ref: "#/$defs/stop" }, minItems: 1, maxItems: 2 },
    note: { anyOf: [{ type: "null" }, { type: "string", maxLength: 4 }] },
    both: {
      allOf: [
        { type: "object", properties: { x: { type: "boolean" } }, required: ["x"] },
        { type: "object", properties: { y: { type: ["integer", "null"] } }, required: ["y"] },
      ],
    },
  },
  required: ["to", "days", "by", "kind", "stops", "note", "both"],
  additionalProperties: false,
};

describe("random weights", () => {
  let local: Awaited<ReturnType<typeof openLocalModel>>;
  beforeAll(async () => {
    local = await openLocalModel(saying.shortJson);
  });
  afterAll(() => local[Symbol.asyncDispose]());

  const say = async (args: Partial<ChatArgs>) =>
    await chat(local.core, contextOf("tiny"), ask("Plan a trip.", { maxTokens: 600, ...args }));

  test("obey a JSON schema", async () => {
    // A character of a JSON Schema may be two of a string's: zod counts the latter.
    const doubled = JSON.stringify(trip).replaceAll(
      /"maxLength":(\d)/g,
      (_, size) => `"maxLength":${2 * Number(size)}`,
    );
    const schema = z.fromJSONSchema(JSON.parse(doubled) as Schema);
    for (let seed = 1; seed <= 8; seed++) {
      const responseFormat = { type: "json-schema" as const, name: "trip", schema: trip, strict: true };
      const { result } = await say({ responseFormat, seed, temperature: 1.1 });
      expect(result.finishReason).toBe("stop");
      expect(schema.safeParse(jsonOf({ result })).error?.issues ?? []).toEqual([]);
    }
  });

  test("write an object where JSON is asked for, and one word where the schema is an enumeration", async () => {
    const { result } = await say({ responseFormat: { type: "json" }, seed: 3 });
    expect(jsonOf({ result })).toBeTypeOf("object");
    const schema = { enum: ["red", "green"] };
    const colour = await say({ responseFormat: { type: "json-schema", name: "colour", schema }, seed: 3 });
    expect(["red", "green"]).toContain(jsonOf(colour));
  });

  test("obey a grammar that a client sends beside the request", async () => {
    const foreign = { dialect: "openai", members: { grammar: 'root ::= ("ja" | "nein") "!"' } };
    const { result } = await say({ foreign, seed: 5 });
    expect(result).toMatchObject({ finishReason: "stop" });
    expect(result.message.content).toMatch(/^(ja|nein)!$/);
  });

  test.each([1, 2, 3])(
    "call a tool that is offered, by its schema, whatever its name begins with (seed %i)",
    async (seed) => {
      const tools = ["get", "get_all", "gone"].map((name) => ({
        name,
        parameters: { type: "object", properties: { count: { type: "integer" } }, required: ["count"] },
      }));
      const { result } = await say({ tools, toolChoice: "required", seed, temperature: 1.5 });
      const [call] = result.message.toolCalls ?? [];
      expect(result.finishReason).toBe("tool-calls");
      expect(tools.map(({ name }) => name)).toContain(call?.name);
      expect(JSON.parse(call?.arguments ?? "")).toMatchObject({ count: expect.any(Number) as number });
    },
  );
});

test("a model that opens a call by itself writes its arguments by the tool's schema", async () => {
  const follows = { "<|reply|>": "One moment. ", "One moment. ": "||call: " };
  await using local = await openLocalModel({ ...saying.shortJson, words: ["One moment. ", "||call: "], follows });
  const tools = [
    { name: "weather", parameters: { type: "object", properties: { city: { type: "string", maxLength: 5 } } } },
  ];
  const { result, events } = await chat(
    local.core,
    contextOf("tiny"),
    ask("Rain?", { tools, stream: true, temperature: 0 }),
  );
  expect(result).toMatchObject({ finishReason: "tool-calls", message: { content: "One moment. " } });
  expect(result.message.toolCalls).toMatchObject([{ name: "weather" }]);
  expect(JSON.parse(result.message.toolCalls?.[0]?.arguments ?? "")).toHaveProperty("city");
  expect(events.map(({ type }) => type).filter((type) => type !== "tool-call.delta")).toEqual(["text.delta", "result"]);
});

test("thoughts come apart from the answer, by the marks of the model's own template", async () => {
  const template =
    "{% for m in messages %}{% if m['role'] == 'assistant' %}<|reply|>" +
    "{% if m.reasoning_content is defined %}<think>{{ m.reasoning_content }}</think>{% endif %}{{ m['content'] }}</s>" +
    "{% else %}<|turn|>{{ m['role'] }}: {{ m['content'] }}</s>{% endif %}{% endfor %}" +
    "{% if add_generation_prompt %}<|reply|>{% endif %}";
  const follows = {
    "<|reply|>": "<think>",
    "<think>": "I wonder",
    "I wonder": "</think>",
    "</think>": "It rains",
    "It rains": "</s>",
  };
  await using local = await openLocalModel({
    chatTemplate: template,
    controls: ["<think>", "</think>"],
    words: ["I wonder", "It rains"],
    follows,
  });
  const { result, usage, events } = await chat(
    local.core,
    contextOf("tiny"),
    ask("Rain?", { stream: true, temperature: 0 }),
  );
  expect(result.message).toMatchObject({ content: "It rains", reasoning: "I wonder" });
  expect(usage?.reasoningTokens).toBe(2);
  expect(events.map(({ type }) => type)).toContain("reasoning.delta");
});

describe("what cannot be said", () => {
  test("is an error that names it", async () => {
    await using local = await openLocalModel(saying.words);
    const fails = (args: Partial<ChatArgs>) => expect(chat(local.core, contextOf("tiny"), ask("Hi", args))).rejects;
    const image = [{ type: "image" as const, url: "data:image/png;base64,AA==" }];
    await fails({ messages: [{ role: "user", content: image }] }).toMatchObject({ code: "EINVAL" });
    await fails({ foreign: { dialect: "openai", members: { logprobs: true } } }).toThrow("logprobs");
    await fails({ foreign: { dialect: "openai", members: { grammar: "root ::= (" } } }).toThrow("no GBNF");
    await fails({ messages: [{ role: "user", content: "word ".repeat(2_000) }] }).toMatchObject({ code: "E2BIG" });
  });

  test("is left out and told where it changes nothing", async () => {
    await using local = await openLocalModel(saying.words);
    const foreign = { dialect: "openai", members: { user: "u-1", top_k: 1 }, hints: ["user"] };
    const { events } = await chat(local.core, contextOf("tiny"), ask("Hi", { foreign }));
    expect(events[0]).toEqual({ type: "request.adapted", leftOut: ["user"] });
  });
});

describe("a schema for a grammar", () => {
  const lax = { what: "tool x", isStrict: false };

  test("keeps optional properties, but not those that lead back into themselves", () => {
    const node = {
      type: "object",
      properties: { name: { type: "string" }, next: { $ref: "#/$defs/node" } },
      required: [],
    };
    const { schema } = narrow({ $defs: { node }, $ref: "#/$defs/node" }, lax);
    expect(schema).toEqual({
      $ref: "#/$defs/node",
      $defs: { node: { type: "object", properties: { name: { type: "string" } } } },
    });
  });

  test("tells which keywords it cannot hold, and refuses them where it is strict", () => {
    const schema = {
      type: "object",
      properties: { mail: { type: "string", pattern: "@" }, n: { type: "integer", minimum: 1 } },
    };
    expect(narrow(schema, lax).ignored).toEqual(["pattern", "minimum"]);
    expect(() => narrow(schema, { ...lax, isStrict: true })).toThrow("pattern, minimum");
    const bounds = { type: "integer", minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER };
    expect(narrow(bounds, { ...lax, isStrict: true }).ignored).toEqual([]);
  });

  test("refuses references out of itself", () => {
    expect(() => narrow({ $ref: "https://example.org/x.json" }, lax)).toThrow("https://example.org/x.json");
  });
});
