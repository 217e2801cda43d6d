import type { Sample } from "./cell.ts";

const weather = {
  type: "function",
  function: {
    name: "weather",
    description: "The weather.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    strict: true,
  },
};
const weatherThere = {
  name: "weather",
  description: "The weather.",
  input_schema: weather.function.parameters,
  strict: true,
};
const patch = { type: "custom", custom: { name: "patch", description: "Patches.", format: { type: "text" } } };
const schema = { type: "object", properties: { city: { type: "string" } }, additionalProperties: false };
const user = { role: "user", content: "hi" };
const png = "data:image/png;base64,AAAA";
const call = { id: "c1", type: "function", function: { name: "weather", arguments: '{"city":"Paris"}' } };
const used = { type: "tool_use", id: "c1", name: "weather", input: { city: "Paris" } };

/** Values of `messages`, each with the one thing that is special about it. */
const turns = (label: string, messages: unknown[], anthropic?: unknown[] | Record<string, unknown>): Sample => ({
  member: "messages",
  value: messages,
  called: label,
  ...(anthropic === undefined
    ? {}
    : { said: { anthropic: Array.isArray(anthropic) ? { messages: anthropic } : anthropic } }),
});

const messages: readonly Sample[] = [
  turns("messages", [user], [user]),
  turns("system", [{ role: "system", content: "Be short." }, user], { system: "Be short.", messages: [user] }),
  turns("developer", [{ role: "system", content: "Be short." }, { role: "developer", content: "And kind." }, user], {
    system: [
      { type: "text", text: "Be short." },
      { type: "text", text: "And kind." },
    ],
    messages: [user],
  }),
  { ...turns("name", [{ role: "user", name: "ann", content: "hi" }]), isFormed: true },
  turns(
    "image_url",
    [{ role: "user", content: [{ type: "image_url", image_url: { url: png } }] }],
    [
      {
        role: "user",
        content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } }],
      },
    ],
  ),
  {
    ...turns("detail", [{ role: "user", content: [{ type: "image_url", image_url: { url: png, detail: "low" } }] }]),
    isFormed: true,
  },
  turns(
    "file",
    [
      {
        role: "user",
        content: [{ type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AAAA" } }],
      },
    ],
    [
      {
        role: "user",
        content: [
          {
            type: "document",
            source: { type: "base64", media_type: "application/pdf", data: "AAAA" },
            title: "a.pdf",
          },
        ],
      },
    ],
  ),
  turns("file", [{ role: "user", content: [{ type: "file", file: { file_id: "f1" } }] }]),
  turns("input_audio", [
    { role: "user", content: [{ type: "input_audio", input_audio: { data: "AA==", format: "wav" } }] },
  ]),
  turns("cache_control", [
    { role: "user", content: [{ type: "text", text: "hi", cache_control: { type: "ephemeral" } }] },
  ]),
  turns(
    "tool_calls",
    [
      user,
      { role: "assistant", content: null, tool_calls: [call] },
      { role: "tool", tool_call_id: "c1", content: "7" },
    ],
    [
      user,
      { role: "assistant", content: [used] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "c1", content: "7" }] },
    ],
  ),
  turns("name", [
    user,
    { role: "assistant", content: null, tool_calls: [call] },
    { role: "tool", tool_call_id: "c1", name: "weather", content: "7" },
  ]),
  turns("tool_calls", [
    user,
    { role: "assistant", content: null, tool_calls: [{ id: "c1", type: "custom", custom: { name: "p", input: "x" } }] },
    { role: "tool", tool_call_id: "c1", content: "7" },
  ]),
  turns("content", [user, { role: "assistant", content: [{ type: "refusal", refusal: "no" }] }, user]),
  turns(
    "refusal",
    [user, { role: "assistant", content: null, refusal: "no" }, user],
    [user, { role: "assistant", content: [{ type: "text", text: "no" }] }, user],
  ),
  turns("audio", [user, { role: "assistant", content: null, audio: { id: "a1" } }, user]),
  turns("function_call", [
    user,
    { role: "assistant", content: "x", function_call: { name: "f", arguments: "{}" } },
    user,
  ]),
  turns("new_member", [{ role: "user", content: "hi", new_member: 1 }]),
];

/** Every member of a chat request, with each value that is treated in a way of its own. */
export const chatSamples: readonly Sample[] = [
  ...messages,
  { member: "model", value: "up/m", isDoors: true },
  { member: "audio", value: { format: "wav", voice: "alloy" } },
  { member: "frequency_penalty", value: 0.5, isFormed: true },
  { member: "function_call", value: "auto", isRefused: true },
  { member: "functions", value: [{ name: "f" }], isRefused: true },
  { member: "logit_bias", value: { "7": -100 } },
  { member: "logprobs", value: true },
  { member: "logprobs", value: false },
  { member: "max_completion_tokens", value: 77, said: { anthropic: { max_tokens: 77 } } },
  {
    member: "max_tokens",
    value: 77,
    said: { anthropic: { max_tokens: 77 }, chat: { max_completion_tokens: 77 } },
  },
  { member: "metadata", value: { a: "b" } },
  { member: "modalities", value: ["text"] },
  { member: "modalities", value: ["text", "audio"] },
  { member: "moderation", value: { model: "omni" } },
  { member: "n", value: 1, isDoors: true },
  { member: "n", value: 2, isRefused: true },
  {
    member: "parallel_tool_calls",
    value: false,
    beside: { tools: [weather] },
    said: { anthropic: { tool_choice: { type: "auto", disable_parallel_tool_use: true } } },
  },
  {
    member: "parallel_tool_calls",
    value: true,
    beside: { tools: [weather] },
    said: { anthropic: { tool_choice: { type: "auto", disable_parallel_tool_use: false } } },
  },
  // The tools are refused, or taken, with all that belongs to them.
  { member: "parallel_tool_calls", value: false, beside: { tools: [patch] }, called: "tools" },
  { member: "prediction", value: { type: "content", content: "x" } },
  { member: "presence_penalty", value: -0.5, isFormed: true },
  { member: "prompt_cache_key", value: "k" },
  { member: "prompt_cache_options", value: { mode: "explicit" } },
  { member: "prompt_cache_retention", value: "24h" },
  { member: "reasoning_effort", value: "high", said: { anthropic: { output_config: { effort: "high" } } } },
  { member: "reasoning_effort", value: "none", said: { anthropic: { thinking: { type: "disabled" } } } },
  { member: "reasoning_effort", value: "minimal", isFormed: true },
  { member: "response_format", value: { type: "text" }, isDoors: true },
  { member: "response_format", value: { type: "json_object" }, isFormed: true },
  {
    member: "response_format",
    value: { type: "json_schema", json_schema: { name: "place", strict: true, schema } },
    said: { anthropic: { output_config: { format: { type: "json_schema", schema } } } },
  },
  {
    member: "response_format",
    value: { type: "json_schema", json_schema: { name: "place", description: "A place.", strict: true, schema } },
    // What the model reads of a format stands in its schema there.
    said: {
      anthropic: { output_config: { format: { type: "json_schema", schema: { description: "A place.", ...schema } } } },
    },
  },
  { member: "response_format", value: { type: "grammar", grammar: "root ::= x" } },
  { member: "safety_identifier", value: "u" },
  { member: "seed", value: 7, isFormed: true },
  { member: "service_tier", value: "flex" },
  { member: "stop", value: ["END", "\n"], said: { anthropic: { stop_sequences: ["END", "\n"] } } },
  { member: "stop", value: "END", said: { anthropic: { stop_sequences: ["END"] }, chat: { stop: ["END"] } } },
  { member: "store", value: true },
  { member: "stream", value: false, isDoors: true },
  { member: "stream_options", value: { include_usage: true }, beside: { stream: true }, isDoors: true },
  { member: "temperature", value: 0.25, said: { anthropic: { temperature: 0.25 } } },
  {
    member: "tool_choice",
    value: "required",
    beside: { tools: [weather] },
    said: { anthropic: { tool_choice: { type: "any" } } },
  },
  {
    member: "tool_choice",
    value: "auto",
    beside: { tools: [weather] },
    said: { anthropic: { tool_choice: { type: "auto" } } },
  },
  {
    member: "tool_choice",
    value: "none",
    beside: { tools: [weather] },
    said: { anthropic: { tool_choice: { type: "none" } } },
  },
  {
    member: "tool_choice",
    value: { type: "function", function: { name: "weather" } },
    beside: { tools: [weather] },
    said: { anthropic: { tool_choice: { type: "tool", name: "weather" } } },
  },
  { member: "tool_choice", value: "required", beside: { tools: [patch] }, called: "tools" },
  {
    member: "tool_choice",
    value: { type: "custom", custom: { name: "patch" } },
    beside: { tools: [patch] },
    called: "tool",
  },
  {
    member: "tool_choice",
    value: {
      type: "allowed_tools",
      allowed_tools: { mode: "auto", tools: [{ type: "function", function: { name: "weather" } }] },
    },
    beside: { tools: [weather] },
  },
  { member: "tools", value: [weather], said: { anthropic: { tools: [weatherThere] } } },
  { member: "tools", value: [weather, patch] },
  { member: "tools", value: [{ ...weather, new_member: 1 }], called: "new_member" },
  { member: "top_logprobs", value: 3, beside: { logprobs: true } },
  { member: "top_p", value: 0.5, said: { anthropic: { top_p: 0.5 } } },
  { member: "user", value: "u" },
  { member: "verbosity", value: "low" },
  { member: "web_search_options", value: {} },
  // What no release of the client knows yet.
  { member: "new_member", value: { a: [1, null] } },
];
