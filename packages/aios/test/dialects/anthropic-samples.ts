import type { Sample } from "./cell.ts";

const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const weather = { name: "weather", description: "The weather.", input_schema: parameters };
const chatWeather = { type: "function", function: { name: "weather", description: "The weather.", parameters } };
const schema = { type: "object", properties: { city: { type: "string" } }, additionalProperties: false };
const user = { role: "user", content: "hi" };
const png = { type: "base64", media_type: "image/png", data: "AAAA" };
const used = { type: "tool_use", id: "c1", name: "weather", input: { city: "Paris" } };
const call = { id: "c1", type: "function", function: { name: "weather", arguments: '{"city":"Paris"}' } };

/** Values of `messages`, each with the one thing that is special about it. */
const turns = (label: string, messages: unknown[], chat?: unknown[]): Sample => ({
  member: "messages",
  value: messages,
  called: label,
  ...(chat ? { said: { chat: { messages: chat } } } : {}),
});
const block = (label: string, value: unknown, chat?: unknown): Sample =>
  turns(
    label,
    [{ role: "user", content: [value] }],
    chat === undefined ? undefined : [{ role: "user", content: [chat] }],
  );

const messages: readonly Sample[] = [
  turns("messages", [user], [user]),
  block("text", { type: "text", text: "hi" }, { type: "text", text: "hi" }),
  block(
    "image",
    { type: "image", source: png },
    { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
  ),
  block("image", { type: "image", source: { type: "file", file_id: "f1" } }),
  block(
    "document",
    { type: "document", title: "a.pdf", source: { type: "base64", media_type: "application/pdf", data: "AAAA" } },
    { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AAAA" } },
  ),
  block("context", {
    type: "document",
    context: "Old.",
    source: { type: "base64", media_type: "application/pdf", data: "AAAA" },
  }),
  block("document", { type: "document", source: { type: "text", media_type: "text/plain", data: "x" } }),
  block("search_result", { type: "search_result", source: "x", title: "x", content: [] }),
  block("cache_control", { type: "text", text: "hi", cache_control: { type: "ephemeral" } }),
  block("citations", { type: "text", text: "hi", citations: [{ type: "char_location" }] }),
  turns(
    "tool_use",
    [
      user,
      { role: "assistant", content: [{ type: "text", text: "Let me look." }, used] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "c1", content: "7" }] },
    ],
    [
      user,
      { role: "assistant", content: [{ type: "text", text: "Let me look." }], tool_calls: [call] },
      { role: "tool", tool_call_id: "c1", content: "7" },
    ],
  ),
  {
    ...turns("isError", [
      user,
      { role: "assistant", content: [used] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "c1", content: "7", is_error: true }] },
    ]),
    isFormed: true,
  },
  {
    ...turns("reasoning", [
      user,
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "Hm.", signature: "s" },
          { type: "text", text: "x" },
        ],
      },
      user,
    ]),
    isFormed: true,
  },
  turns("content", [
    user,
    { role: "assistant", content: [{ type: "server_tool_use", id: "s1", name: "x", input: {} }] },
    user,
  ]),
  { ...turns("new_member", [{ role: "user", content: "hi", new_member: 1 }]), isRefused: true },
];

/** Every member of a messages request, the beta ones among them, with each value that is treated in a way of its own. */
export const anthropicSamples: readonly Sample[] = [
  ...messages,
  { member: "model", value: "up/m", isDoors: true },
  { member: "max_tokens", value: 77, said: { chat: { max_completion_tokens: 77 } } },
  { member: "betas", value: ["a-2026"], isDoors: true },
  { member: "betas", value: ["a\nb"], isRefused: true },
  { member: "billing_policy", value: { a: 1 } },
  { member: "cache_control", value: { type: "ephemeral" } },
  { member: "compaction", value: { type: "auto" } },
  { member: "container", value: "c1" },
  { member: "context_management", value: { edits: [] } },
  { member: "diagnostics", value: { cache: true } },
  { member: "fallback_credit_token", value: "t" },
  { member: "fallbacks", value: { models: ["x"] } },
  { member: "inference_geo", value: "eu" },
  { member: "mcp_servers", value: [{ type: "url", name: "x", url: "https://example.com" }] },
  { member: "metadata", value: { user_id: "u" } },
  { member: "output_config", value: { effort: "high" }, said: { chat: { reasoning_effort: "high" } } },
  {
    member: "output_config",
    value: { format: { type: "json_schema", schema } },
    said: {
      chat: { response_format: { type: "json_schema", json_schema: { name: "output", strict: true, schema } } },
    },
  },
  { member: "output_config", value: { task_budget: { total: 9 } } },
  {
    member: "output_format",
    value: { type: "json_schema", schema },
    said: {
      chat: { response_format: { type: "json_schema", json_schema: { name: "output", strict: true, schema } } },
    },
  },
  { member: "service_tier", value: "auto" },
  { member: "speed", value: "fast" },
  { member: "stop_sequences", value: ["END"], said: { chat: { stop: ["END"] } } },
  { member: "stream", value: false, isDoors: true },
  {
    member: "system",
    value: "Be short.",
    said: { chat: { messages: [{ role: "system", content: "Be short." }, user] } },
  },
  {
    member: "system",
    value: [{ type: "text", text: "Be short.", cache_control: { type: "ephemeral" } }],
    called: "cache_control",
  },
  { member: "temperature", value: 0.25, said: { chat: { temperature: 0.25 } } },
  { member: "thinking", value: { type: "enabled", budget_tokens: 1024 } },
  { member: "thread", value: { id: "t" } },
  {
    member: "tool_choice",
    value: { type: "any" },
    beside: { tools: [weather] },
    said: { chat: { tool_choice: "required" } },
  },
  {
    member: "tool_choice",
    value: { type: "none" },
    beside: { tools: [weather] },
    said: { chat: { tool_choice: "none" } },
  },
  {
    member: "tool_choice",
    value: { type: "tool", name: "weather" },
    beside: { tools: [weather] },
    said: { chat: { tool_choice: { type: "function", function: { name: "weather" } } } },
  },
  {
    member: "tool_choice",
    value: { type: "auto", disable_parallel_tool_use: true },
    beside: { tools: [weather] },
    said: { chat: { tool_choice: "auto", parallel_tool_calls: false } },
  },
  { member: "tool_choice", value: { type: "auto", new_member: 1 }, beside: { tools: [weather] } },
  { member: "tools", value: [weather], said: { chat: { tools: [chatWeather] } } },
  { member: "tools", value: [{ ...weather, cache_control: { type: "ephemeral" } }], called: "cache_control" },
  { member: "tools", value: [{ ...weather, input_examples: [{ city: "x" }] }], called: "input_examples" },
  { member: "tools", value: [{ type: "web_search_20250305", name: "web_search" }] },
  { member: "top_k", value: 5 },
  { member: "top_p", value: 0.5, said: { chat: { top_p: 0.5 } } },
  { member: "user_profile_id", value: "p" },
  { member: "workspace_id", value: "w" },
  { member: "new_member", value: { a: [1, null] } },
];
