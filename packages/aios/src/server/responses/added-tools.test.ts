import { expect, test } from "vitest";
import { toResponseRequest } from "./request.ts";
import { echoOf } from "./response.ts";

const patch = { type: "custom", name: "exec", description: "Run it.", format: { type: "text" } };
const sleep = { type: "function", name: "sleep", parameters: { type: "object", properties: {} }, strict: false };
const namespaced = [
  { type: "namespace", name: "functions", description: "Tools.", tools: [patch] },
  { type: "namespace", name: "clock", description: "Time.", tools: [sleep] },
];

test("tools that an item offers are the request's, as Codex 0.169 offers them to gpt-6 models", () => {
  const body = {
    input: [
      { type: "additional_tools", id: "at_1", role: "developer", tools: namespaced },
      { type: "message", role: "user", content: [{ type: "input_text", text: "hi" }] },
    ],
    reasoning: { effort: "medium", context: "all_turns" },
    parallel_tool_calls: false,
  };
  const { args, echo } = toResponseRequest(body);
  expect(args.messages).toEqual([{ role: "user", content: "hi" }]);
  expect(args.tools?.map(({ name }) => name)).toEqual(["functions__exec", "clock__sleep"]);
  expect(args.reasoningEffort).toBe("medium");
  expect(echo.known).toEqual({
    functions__exec: { type: "custom", name: "exec", namespace: "functions" },
    clock__sleep: { type: "function", name: "sleep", namespace: "clock" },
  });
  expect(echoOf(args)?.added).toEqual(namespaced);
});

test("of tools that are called the same the one offered last is meant, also after an earlier response", () => {
  const offering = (tools: unknown[]): unknown => ({ type: "additional_tools", role: "developer", tools });
  const named = (description: string): unknown => ({ type: "function", name: "f", description });
  const { args } = toResponseRequest(
    { tools: [named("first")] },
    {
      messages: [],
      added: [{ type: "custom", name: "f" }, sleep],
      items: [offering([named("last")]), { role: "user", content: "hi" }],
    },
  );
  expect(args.tools).toEqual([
    { name: "f", description: "last" },
    { name: "sleep", parameters: sleep.parameters, strict: false },
  ]);
  expect(echoOf(args)?.known).toEqual({});
});
