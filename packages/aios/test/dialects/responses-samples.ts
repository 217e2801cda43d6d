import type { Sample } from "./cell.ts";

const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const weather = { type: "function", name: "weather", description: "The weather.", parameters, strict: true };
const chatWeather = {
  type: "function",
  function: { name: "weather", description: "The weather.", parameters, strict: true },
};
const claudeWeather = { name: "weather", description: "The weather.", input_schema: parameters, strict: true };
const patch = { type: "custom", name: "patch", description: "Patches." };
const schema = { type: "object", properties: { city: { type: "string" } }, additionalProperties: false };
const user = { role: "user", content: "hi" };
const png = "data:image/png;base64,AAAA";
const asked = { type: "function_call", call_id: "c1", name: "weather", arguments: '{"city":"Paris"}' };
const got = { type: "function_call_output", call_id: "c1", output: "7" };
const chatAsked = {
  role: "assistant",
  content: null,
  tool_calls: [{ id: "c1", type: "function", function: { name: "weather", arguments: '{"city":"Paris"}' } }],
};

/** Values of `input`, each with the one thing that is special about it. */
const input = (label: string, value: unknown, said?: { chat: unknown[]; anthropic: unknown[] }): Sample => ({
  member: "input",
  value,
  called: label,
  ...(said ? { said: { chat: { messages: said.chat }, anthropic: { messages: said.anthropic } } } : {}),
});
const refused = (label: string, value: unknown): Sample => ({
  member: "input",
  value: [user, value],
  called: label,
  isRefused: true,
});

const items: readonly Sample[] = [
  input("input", "hi", { chat: [user], anthropic: [user] }),
  input("input", [{ role: "user", content: [{ type: "input_text", text: "hi" }] }], {
    chat: [user],
    anthropic: [user],
  }),
  input("input_image", [{ role: "user", content: [{ type: "input_image", image_url: png }] }], {
    chat: [{ role: "user", content: [{ type: "image_url", image_url: { url: png } }] }],
    anthropic: [
      {
        role: "user",
        content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } }],
      },
    ],
  }),
  input("input_image", [{ role: "user", content: [{ type: "input_image", file_id: "f1" }] }]),
  refused("file_id", { role: "user", content: [{ type: "input_image", image_url: png, file_id: "f1" }] }),
  input("input_file", [{ role: "user", content: [{ type: "input_file", file_id: "f1" }] }]),
  refused("file_url", {
    role: "user",
    content: [{ type: "input_file", file_data: "data:text/plain;base64,AAAA", file_url: "https://example.com/a" }],
  }),
  input("input_audio", [
    { role: "user", content: [{ type: "input_audio", input_audio: { data: "AA==", format: "wav" } }] },
  ]),
  input("function_call", [user, asked, got], {
    chat: [user, chatAsked, { role: "tool", tool_call_id: "c1", content: "7" }],
    anthropic: [
      user,
      { role: "assistant", content: [{ type: "tool_use", id: "c1", name: "weather", input: { city: "Paris" } }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "c1", content: "7" }] },
    ],
  }),
  input("web_search_call", [user, { type: "web_search_call", id: "w1", status: "completed" }, user]),
  input("new_member", [{ role: "user", content: "hi", new_member: 1 }]),
  input("标", [{ role: "user", content: "hi", 标: 1 }]),
  refused("computer_call", { type: "computer_call", call_id: "c2", action: {} }),
  refused("mcp_call", { type: "mcp_call", id: "x" }),
  refused("compaction", { type: "compaction", encrypted_content: "x" }),
];

const format = (value: object, anthropic?: unknown, chat: unknown = value): Sample => ({
  member: "text",
  value: { format: value },
  called: "responseFormat",
  isFormed: true,
  said: {
    chat: { response_format: chat },
    ...(anthropic === undefined ? {} : { anthropic: { output_config: { format: anthropic } } }),
  },
});

/** Every member of a responses request, with each value that is treated in a way of its own. */
export const responsesSamples: readonly Sample[] = [
  ...items,
  { member: "model", value: "rsp/m", isDoors: true },
  { member: "access_programs", value: { a: true } },
  { member: "background", value: false, isDoors: true },
  { member: "background", value: true, isRefused: true },
  { member: "context_management", value: [{ type: "compaction" }] },
  { member: "conversation", value: "conv_1", isRefused: true },
  { member: "image", value: { a: 1 } },
  { member: "include", value: ["reasoning.encrypted_content"], isDoors: true },
  { member: "include", value: ["message.output_text.logprobs"] },
  {
    member: "instructions",
    value: "Be short.",
    said: {
      chat: { messages: [{ role: "system", content: "Be short." }, user] },
      anthropic: { system: "Be short.", messages: [user] },
    },
  },
  {
    member: "max_output_tokens",
    value: 77,
    said: { chat: { max_completion_tokens: 77 }, anthropic: { max_tokens: 77 } },
  },
  { member: "max_tool_calls", value: 3, isDoors: true },
  { member: "metadata", value: { a: "b" }, isDoors: true },
  { member: "moderation", value: { model: "omni" }, isRefused: true },
  {
    member: "parallel_tool_calls",
    value: false,
    beside: { tools: [weather] },
    said: {
      chat: { parallel_tool_calls: false },
      anthropic: { tool_choice: { type: "auto", disable_parallel_tool_use: true } },
    },
  },
  { member: "prompt", value: { id: "p1" }, isRefused: true },
  { member: "prompt_cache_key", value: "k" },
  { member: "prompt_cache_options", value: { mode: "explicit" } },
  { member: "prompt_cache_retention", value: "24h" },
  {
    member: "reasoning",
    value: { effort: "high" },
    said: { chat: { reasoning_effort: "high" }, anthropic: { output_config: { effort: "high" } } },
  },
  { member: "reasoning", value: { summary: "auto" }, isDoors: true },
  { member: "reasoning", value: { context: "all_turns" }, isDoors: true },
  { member: "reasoning", value: { new_member: 1 }, called: "reasoning.new_member", isRefused: true },
  { member: "safety_identifier", value: "u" },
  { member: "service_tier", value: "flex" },
  { member: "store", value: false, isDoors: true },
  { member: "store", value: true, isDoors: true },
  { member: "stream", value: false, isDoors: true },
  { member: "stream_options", value: { include_obfuscation: false }, isDoors: true },
  { member: "temperature", value: 0.25, said: { chat: { temperature: 0.25 }, anthropic: { temperature: 0.25 } } },
  { member: "text", value: { verbosity: "low" }, called: "text.verbosity" },
  { member: "text", value: { new_member: 1 }, called: "text.new_member", isRefused: true },
  format(
    { type: "json_schema", name: "place", strict: true, schema },
    { type: "json_schema", schema },
    {
      type: "json_schema",
      json_schema: { name: "place", strict: true, schema },
    },
  ),
  format({ type: "json_object" }),
  {
    member: "tool_choice",
    value: "required",
    beside: { tools: [weather] },
    said: { chat: { tool_choice: "required" }, anthropic: { tool_choice: { type: "any" } } },
  },
  {
    member: "tool_choice",
    value: { type: "function", name: "weather" },
    beside: { tools: [weather] },
    said: {
      chat: { tool_choice: { type: "function", function: { name: "weather" } } },
      anthropic: { tool_choice: { type: "tool", name: "weather" } },
    },
  },
  {
    member: "tool_choice",
    value: { type: "allowed_tools", mode: "required", tools: [{ type: "function", name: "weather" }] },
    beside: { tools: [weather, { ...weather, name: "time" }] },
    said: {
      chat: { tool_choice: "required", tools: [chatWeather] },
      anthropic: { tool_choice: { type: "any" }, tools: [claudeWeather] },
    },
  },
  { member: "tool_choice", value: "required", isRefused: true },
  { member: "tool_choice", value: { type: "mcp", server_label: "x" }, beside: { tools: [weather] }, isRefused: true },
  {
    member: "tools",
    value: [weather],
    said: { chat: { tools: [chatWeather] }, anthropic: { tools: [claudeWeather] } },
  },
  {
    member: "tools",
    value: [patch],
    said: {
      chat: { tools: [{ type: "function", function: { name: "patch", description: "Patches.", parameters: free() } }] },
      anthropic: { tools: [{ name: "patch", description: "Patches.", input_schema: free() }] },
    },
  },
  { member: "tools", value: [{ type: "web_search" }], called: "tools.web_search" },
  {
    member: "tools",
    value: [{ type: "file_search", vector_store_ids: ["v"] }],
    called: "file_search",
    isRefused: true,
  },
  { member: "tools", value: [{ ...weather, defer_loading: true }], called: "defer_loading" },
  { member: "tools", value: [{ ...weather, new_member: 1 }], called: "new_member" },
  { member: "top_logprobs", value: 3 },
  { member: "top_p", value: 0.5, said: { chat: { top_p: 0.5 }, anthropic: { top_p: 0.5 } } },
  { member: "truncation", value: "auto" },
  { member: "truncation", value: "disabled", isDoors: true },
  { member: "user", value: "u" },
  { member: "previous_response_id", value: "resp_none", isRefused: true, status: 404 },
  { member: "new_member", value: { a: [1, null] } },
];

/** What a custom tool takes, as a function. */
function free(): object {
  return {
    type: "object",
    properties: { input: { type: "string", description: "The tool's input, as it is." } },
    required: ["input"],
    additionalProperties: false,
  };
}
