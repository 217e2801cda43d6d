import type { ChatArgs, Message, Tool } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { instanceOf } from "./arguments.ts";
import { think } from "./brain.ts";
import { draws, textHash } from "./prng.ts";
import { renderPrompt } from "./simulation.ts";
import { createSituation } from "./texts.ts";

const object = (properties: Record<string, unknown>, required: string[]) => ({ type: "object", properties, required });
const string = { type: "string" };

const calculator: Tool = {
  name: "calculator",
  description: "Evaluate an arithmetic expression exactly.",
  parameters: object({ expression: string }, ["expression"]),
};
const write: Tool = {
  name: "file.write",
  description: "Write a file whole; folders are made as needed.",
  parameters: object({ path: string, content: string }, ["path", "content"]),
};
const read: Tool = { name: "file.read", description: "Read a file.", parameters: object({ path: string }, ["path"]) };
const list: Tool = { name: "file.list", description: "List a folder.", parameters: object({ path: string }, []) };
const date: Tool = {
  name: "date",
  description: "The date and time now.",
  parameters: object({ timezone: string }, []),
};
const query: Tool = {
  name: "json.query",
  description: "Query JSON with a JSONata expression.",
  parameters: object({ json: string, query: string }, ["json", "query"]),
};
const weather: Tool = {
  name: "get_weather",
  description: "Current weather of a city",
  parameters: object({ city: string, unit: { type: "string", enum: ["celsius", "fahrenheit"] } }, ["city", "unit"]),
};
const all = [read, write, list, calculator, date, query, weather];

const thoughtOf = (args: ChatArgs, seed = 1) =>
  think(args, { seed, hash: textHash(renderPrompt(args)), outputTokens: 40, outputSigma: 0.5 });

/** Plays the loop of an agent: answers each tool call by `results`, until there is prose. */
function play(task: string, tools: Tool[], results: (name: string, args: Record<string, string>) => string) {
  const messages: Message[] = [
    { role: "system", content: "You are a careful agent." },
    { role: "user", content: task },
  ];
  const steps: { name: string; args: Record<string, string> }[][] = [];
  for (let step = 0; step < 12; step++) {
    const { text, toolCalls } = thoughtOf({ model: "auto", messages, tools });
    if (toolCalls.length === 0) return { steps, text };
    messages.push({ role: "assistant", content: null, toolCalls: [...toolCalls] });
    steps.push(
      toolCalls.map(({ id, name, arguments: json }) => {
        const args = JSON.parse(json) as Record<string, string>;
        messages.push({ role: "tool", callId: id, content: results(name, args) });
        return { name, args };
      }),
    );
  }
  throw new Error("it does not end");
}

const namesOf = (steps: { name: string }[][]) => steps.map((step) => step.map(({ name }) => name).join("+"));

describe("an agent's task", () => {
  test("is done in the order in which it is asked for, and the answer cites the results", () => {
    const { steps, text } = play(
      "Compute 17 * 23 and save the result to notes/sum.md, then read the file notes/sum.md back.",
      all,
      (name) => (name === "calculator" ? "391" : name === "file.read" ? "the sum is 391" : "18 bytes written"),
    );
    expect(namesOf(steps)).toEqual(["calculator", "file.write", "file.read"]);
    expect(steps[0]?.[0]?.args).toEqual({ expression: "17 * 23" });
    expect(steps[1]?.[0]?.args["path"]).toBe("notes/sum.md");
    expect(steps[1]?.[0]?.args["content"]).toContain("391");
    expect(steps[2]?.[0]?.args["path"]).toBe("notes/sum.md");
    expect(text).toMatch(/^\(simulated\) calculator returned: 391\./);
    expect(text).toContain("the sum is 391");
  });

  test("is what stands behind the notes of a message: what was remembered is no task", () => {
    const note = '<note>\n{"content":"Calculate 2 + 2 and write it to old.md"}\n</note>';
    const stepsOf = (task: string) => play(task, all, () => "42").steps.map(([step]) => step);
    const asked = [{ name: "calculator", args: { expression: "6 * 7" } }];
    expect(stepsOf(`What follows was remembered.\n${note}\n\nCalculate 6 * 7.`)).toEqual(asked);
    // A message that ends in notes asks about them.
    expect(stepsOf(`Calculate 6 * 7.\n<note>\n{"content":"a sum"}\n</note>`)).toEqual(asked);
  });

  test("is understood in Chinese, and answered in Chinese", () => {
    const { steps, text } = play("计算 12×(3+4)，然后把结果写入文件 报告.md。", all, (name) =>
      name === "calculator" ? "84" : "写好了",
    );
    expect(namesOf(steps)).toEqual(["calculator", "file.write"]);
    expect(steps[0]?.[0]?.args["expression"]).toBe("12*(3+4)");
    expect(steps[1]?.[0]?.args["path"]).toBe("报告.md");
    expect(steps[1]?.[0]?.args["content"]).toContain("84");
    expect(text).toMatch(/^\(simulated\) calculator 返回：84/);
  });

  test("takes all tools at once where it says so, and one at a time where the caller forbids it", () => {
    const task = "At the same time get the weather in Oslo and the date of today.";
    const { steps } = play(task, all, () => "fine");
    expect(namesOf(steps)).toEqual(["get_weather+date"]);
    expect(steps[0]?.[0]?.args).toMatchObject({ city: "Oslo" });
    const first = thoughtOf({
      model: "auto",
      messages: [{ role: "user", content: task }],
      tools: all,
      parallelToolCalls: false,
    });
    expect(first.toolCalls).toHaveLength(1);
  });

  test("with several sums calls the calculator once for each", () => {
    const { steps } = play("What is 2 + 2? And what is 3.5 * (10 - 4)?", [calculator], () => "a number");
    expect(steps.map(([step]) => step?.args["expression"])).toEqual(["2 + 2", "3.5 * (10 - 4)"]);
  });

  test("with JSON in it is queried for what it names", () => {
    const { steps } = play(
      'Query this JSON with $sum(items.price): {"items": [{"price": 3}, {"price": 4}]}',
      all,
      () => "7",
    );
    expect(namesOf(steps)).toEqual(["json.query"]);
    expect(steps[0]?.[0]?.args).toEqual({
      query: "$sum(items.price)",
      json: '{"items": [{"price": 3}, {"price": 4}]}',
    });
  });

  test("of arguments that stand for one another one is given; from and to are days for a tool about dates", () => {
    const either: Tool = {
      name: "json_query",
      description: "Query JSON with a JSONata expression.",
      parameters: object(
        {
          query: string,
          json: { type: "string", description: "the text; give this or path" },
          path: { type: "string", description: "a file; give this or json" },
        },
        ["query"],
      ),
    };
    const inline = play('Query the JSON {"a":{"b":7}} with a.b and write it to out.md.', [either, write], () => "7");
    expect(inline.steps[0]).toEqual([{ name: "json_query", args: { query: "a.b", json: '{"a":{"b":7}}' } }]);
    const days: Tool = {
      name: "date",
      description: "Dates and times: the difference of two dates.",
      parameters: object({ operation: { enum: ["now", "difference"] }, date: string, to: string }, ["operation"]),
    };
    const between = play(
      "With the date tool, what is the difference from 2026-03-01 to 2026-09-15? Write it to trip.md.",
      [days, write],
      () => "198 days",
    );
    expect(between.steps[0]).toEqual([
      { name: "date", args: { operation: "difference", date: "2026-03-01", to: "2026-09-15" } },
    ]);
  });

  test("that a tool fails is reported and not tried again for ever", () => {
    const { steps, text } = play("Read the file missing.txt.", all, () => "ENOENT: no file missing.txt");
    expect(namesOf(steps)).toEqual(["file.read"]);
    expect(text).toContain("file.read failed: ENOENT: no file missing.txt.");
  });

  test.each(["Write a haiku about tides.", "Who was Ada Lovelace?", "写一首关于大海的诗"])(
    "%s needs no tool",
    (task) => {
      expect(play(task, all, () => "").steps).toEqual([]);
    },
  );

  test("dates, versions, phone numbers and paths are no sums", () => {
    for (const task of [
      "It happened on 2026-07-28.",
      "Use version 1.2.3.",
      "Call 555-1234 today?",
      "Look at src/1/2.",
    ]) {
      expect(play(task, [calculator], () => "").steps).toEqual([]);
    }
  });
});

describe("tool choice", () => {
  const messages: Message[] = [{ role: "user", content: "Who was Ada Lovelace?" }];

  test("none forbids, required insists, a name decides", () => {
    const names = (toolChoice: NonNullable<ChatArgs["toolChoice"]>, content = "Who was Ada Lovelace?") =>
      thoughtOf({ model: "auto", messages: [{ role: "user", content }], tools: all, toolChoice }).toolCalls.map(
        ({ name }) => name,
      );
    expect(names("none", "Compute 1 + 1")).toEqual([]);
    expect(names("required")).toHaveLength(1);
    expect(names("required", "Something about the weather, please.")).toEqual(["get_weather"]);
    expect(names({ name: "date" })).toEqual(["date"]);
  });

  test("a new user message opens a new turn", () => {
    const before: Message[] = [
      { role: "user", content: "Compute 1 + 1" },
      {
        role: "assistant",
        content: null,
        toolCalls: [{ id: "c1", name: "calculator", arguments: '{"expression":"1 + 1"}' }],
      },
      { role: "tool", callId: "c1", content: "2" },
      { role: "assistant", content: "(simulated) 2" },
    ];
    const again = thoughtOf({
      model: "auto",
      messages: [...before, { role: "user", content: "Now compute 2 + 2" }],
      tools: all,
    });
    expect(again.toolCalls.map((call) => call.arguments)).toEqual(['{"expression":"2 + 2"}']);
    expect(thoughtOf({ model: "auto", messages, tools: all }).toolCalls).toEqual([]);
  });
});

describe("a form that is asked for", () => {
  const address = {
    $defs: {
      tree: {
        type: "object",
        properties: { label: { type: "string" }, children: { type: "array", items: { $ref: "#/$defs/tree" } } },
        required: ["label", "children"],
        additionalProperties: false,
      },
    },
    type: "object",
    properties: {
      id: { type: "string", pattern: "^[A-Z]{2}-\\d{3,5}$" },
      kind: { enum: ["house", "flat"] },
      fixed: { const: 7 },
      floor: { type: "integer", minimum: -2, maximum: 40, multipleOf: 2 },
      share: { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1 },
      tags: { type: "array", items: { enum: ["a", "b", "c"] }, minItems: 2, maxItems: 3, uniqueItems: true },
      note: { anyOf: [{ type: "null" }, { type: "string", minLength: 5, maxLength: 9 }] },
      when: { type: "string", format: "date-time" },
      mail: { type: "string", format: "email" },
      uuid: { type: "string", format: "uuid" },
      isNew: { type: "boolean" },
      tree: { $ref: "#/$defs/tree" },
      pair: { type: "array", prefixItems: [{ type: "string" }, { type: "integer" }], items: false },
      both: {
        allOf: [
          { type: "object", properties: { x: { type: "integer" } }, required: ["x"] },
          { type: "object", properties: { y: { type: "string" } }, required: ["y"] },
        ],
      },
      map: { type: "object", additionalProperties: { type: "integer" } },
      maybe: { type: ["string", "null"] },
    },
    required: [
      "id",
      "kind",
      "fixed",
      "floor",
      "share",
      "tags",
      "note",
      "when",
      "mail",
      "uuid",
      "isNew",
      "tree",
      "pair",
      "both",
      "map",
      "maybe",
    ],
    additionalProperties: false,
  };

  test("gets a valid instance whatever the seed", () => {
    const schema = z.fromJSONSchema(address as Parameters<typeof z.fromJSONSchema>[0]);
    for (let seed = 0; seed < 100; seed++) {
      const { text } = thoughtOf(
        {
          model: "auto",
          messages: [{ role: "user", content: `Describe house ${seed} with 12 rooms.` }],
          responseFormat: { type: "json-schema", name: "address", schema: address },
        },
        seed,
      );
      const parsed = schema.safeParse(JSON.parse(text));
      expect(parsed.error?.issues ?? []).toEqual([]);
    }
  });

  test("takes names and numbers from the task", () => {
    const situation = createSituation({
      purpose: "answer",
      task: "Rate the flat with 9 points",
      at: 0,
      about: "",
      results: [],
      draws: draws(1),
    });
    const made = instanceOf(
      object({ kind: { enum: ["house", "flat"] }, points: { type: "integer", maximum: 10 } }, ["kind", "points"]),
      situation,
    );
    expect(made).toEqual({ kind: "flat", points: 9 });
  });

  test("plain JSON is an object", () => {
    const { text } = thoughtOf({
      model: "auto",
      messages: [{ role: "user", content: "hello" }],
      responseFormat: { type: "json" },
    });
    expect(JSON.parse(text)).toMatchObject({ answer: expect.stringContaining("(simulated)") as string });
  });
});

test("lengths of prose are lognormal around the median", () => {
  const lengths = Array.from({ length: 400 }, (_, index) => {
    const args: ChatArgs = { model: "auto", messages: [{ role: "user", content: `question ${index}` }] };
    const { text } = think(args, { seed: 1, hash: textHash(renderPrompt(args)), outputTokens: 100, outputSigma: 0.6 });
    return Math.ceil(Buffer.byteLength(text) / 4);
  }).toSorted((left, right) => left - right);
  const at = (share: number) => lengths[Math.floor(lengths.length * share)] ?? 0;
  // Whole sentences add up to 20 tokens.
  expect(at(0.5)).toBeGreaterThan(90);
  expect(at(0.5)).toBeLessThan(130);
  expect(at(0.9) / at(0.5)).toBeGreaterThan(1.7);
});

test("reasoning comes where an effort is asked for", () => {
  const args: ChatArgs = { model: "auto", messages: [{ role: "user", content: "hello" }] };
  expect(thoughtOf(args).reasoning).toBe("");
  expect(thoughtOf({ ...args, reasoningEffort: "low" }).reasoning).toMatch(/^\(simulated\)/);
});

test("a long prompt full of brackets is thought through at once", () => {
  const content = `${"{[(".repeat(40_000)} compute 1 + 1`;
  expect(thoughtOf({ model: "auto", messages: [{ role: "user", content }], tools: all }).text).toMatch(
    /^\(simulated\)/,
  );
});
