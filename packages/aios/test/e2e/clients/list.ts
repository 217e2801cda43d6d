// The clients that are tried, how, and against what: the tests run this list, and docs/reference/clients.md prints it.

/** What stands behind the door. */
export const cores = {
  openai: "an upstream of OpenAI's dialect",
  anthropic: "an upstream of Anthropic's dialect",
  sim: "the simulated core",
} as const;

export const turns = {
  plain: "one question, one answer, whole",
  streamed: "one question, the answer in pieces as they come",
  tools: "two tools, one step each, run by the client's own loop; the second step needs the first one's result",
  "tools, streamed": "the same, each step streamed",
  "abort before the answer": "the client gives up before the first word; nothing behind the door works on it any more",
  "abort in the stream": "the client gives up at the first word; nothing behind the door works on it any more",
} as const;

export type CoreName = keyof typeof cores;
export type TurnName = keyof typeof turns;

interface Client {
  /** npm packages, the one that sends the requests last. */
  readonly packages: readonly string[];
  /** What of it. */
  readonly by: string;
  readonly door: "/v1/chat/completions" | "/v1/responses" | "/v1/messages";
  /** What a user changes; each member stands in the test too. */
  readonly lines: string;
  /** Its test, in this folder. */
  readonly file: string;
}

export const clients = {
  "openai chat": {
    packages: ["openai"],
    by: "`chat.completions`, `runTools`",
    door: "/v1/chat/completions",
    lines: "new OpenAI({ baseURL: `${url}/v1`, apiKey: key })",
    file: "openai.test.ts",
  },
  "openai responses": {
    packages: ["openai"],
    by: "`responses`; the loop is the test's, the package has none",
    door: "/v1/responses",
    lines: "new OpenAI({ baseURL: `${url}/v1`, apiKey: key })",
    file: "openai.test.ts",
  },
  anthropic: {
    packages: ["@anthropic-ai/sdk"],
    by: "`messages`, `beta.messages.toolRunner`",
    door: "/v1/messages",
    lines: "new Anthropic({ baseURL: url, apiKey: key })",
    file: "anthropic.test.ts",
  },
  "ai openai chat": {
    packages: ["ai", "@ai-sdk/openai"],
    by: "`generateText`, `streamText` with `.chat()`",
    door: "/v1/chat/completions",
    lines: "createOpenAI({ baseURL: `${url}/v1`, apiKey: key }).chat(model)",
    file: "ai-sdk.test.ts",
  },
  "ai openai responses": {
    packages: ["ai", "@ai-sdk/openai"],
    by: "`generateText`, `streamText` with `.responses()`",
    door: "/v1/responses",
    lines: "createOpenAI({ baseURL: `${url}/v1`, apiKey: key }).responses(model)",
    file: "ai-sdk.test.ts",
  },
  "ai compatible": {
    packages: ["ai", "@ai-sdk/openai-compatible"],
    by: "`generateText`, `streamText`",
    door: "/v1/chat/completions",
    lines: 'createOpenAICompatible({ name: "aios", baseURL: `${url}/v1`, apiKey: key })',
    file: "ai-sdk.test.ts",
  },
  "ai anthropic": {
    packages: ["ai", "@ai-sdk/anthropic"],
    by: "`generateText`, `streamText`",
    door: "/v1/messages",
    lines: "createAnthropic({ baseURL: `${url}/v1`, apiKey: key })",
    file: "ai-sdk.test.ts",
  },
  "agents responses": {
    packages: ["@openai/agents"],
    by: "`Agent`, `Runner`",
    door: "/v1/responses",
    lines: "new OpenAIProvider({ baseURL: `${url}/v1`, apiKey: key })",
    file: "openai-agents.test.ts",
  },
  "agents chat": {
    packages: ["@openai/agents"],
    by: "`Agent`, `Runner` with `useResponses: false`",
    door: "/v1/chat/completions",
    lines: "new OpenAIProvider({ baseURL: `${url}/v1`, apiKey: key, useResponses: false })",
    file: "openai-agents.test.ts",
  },
  "langchain chat": {
    packages: ["@langchain/core", "@langchain/openai"],
    by: "`ChatOpenAI`: `invoke`, `stream`, `bindTools`; the loop is the test's",
    door: "/v1/chat/completions",
    lines: "new ChatOpenAI({ apiKey: key, configuration: { baseURL: `${url}/v1` } })",
    file: "langchain.test.ts",
  },
  "langchain responses": {
    packages: ["@langchain/core", "@langchain/openai"],
    by: "the same with `useResponsesApi`",
    door: "/v1/responses",
    lines: "new ChatOpenAI({ apiKey: key, configuration: { baseURL: `${url}/v1` }, useResponsesApi: true })",
    file: "langchain.test.ts",
  },
  "langchain anthropic": {
    packages: ["@langchain/core", "@langchain/anthropic"],
    by: "`ChatAnthropic`: `invoke`, `stream`, `bindTools`; the loop is the test's",
    door: "/v1/messages",
    lines: "new ChatAnthropic({ apiKey: key, anthropicApiUrl: url })",
    file: "langchain.test.ts",
  },
  "mastra chat": {
    packages: ["@mastra/core"],
    by: "`Agent` with `model: {id, url, apiKey}`",
    door: "/v1/chat/completions",
    lines: "{ id: `aios/${model}`, url: `${url}/v1`, apiKey: key }",
    file: "mastra.test.ts",
  },
  "mastra responses": {
    packages: ["@mastra/core"],
    by: '`Agent` with `model: {id, url, apiKey, api: "responses"}`',
    door: "/v1/responses",
    lines: '{ id: `aios/${model}`, url: `${url}/v1`, apiKey: key, api: "responses" }',
    file: "mastra.test.ts",
  },
} as const satisfies Readonly<Record<string, Client>>;

export type ClientName = keyof typeof clients;
