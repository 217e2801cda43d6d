import { isSysError } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { temporaryHome } from "../../test/temporary-home.ts";
import { translateFile } from "./import.ts";
import { configSchema } from "./schema.ts";

const classic = `
api_keys:
  openai: "sk-classic-openai"
  gemini: ""
  huggingface: {auth_token: "hf_classic", cache_dir: "/models"}
llms:
  models:
    - {name: gpt-4o, backend: openai}
    - {name: gpt-4o-mini, backend: openai}
    - {name: "qwen2.5:72b", backend: ollama, hostname: "http://localhost:8091"}
    - {name: Qwen/Qwen2.5-72B-Instruct, backend: sglang, hostname: "http://localhost:30001/v1"}
    - {name: meta-llama/Llama-3.1-8B-Instruct, backend: huggingface, max_gpu_memory: {0: 48GB}, eval_device: "cuda:0"}
    - {name: deepseek-chat, backend: deepseek, api_key: sk-own}
  router: {strategy: smart, bootstrap_url: "https://example.org"}
  log_mode: console
  use_context_manager: true
memory: {provider: mem0}
storage: {root_dir: root, use_vector_db: true}
agent_factory: {max_workers: 32}
server: {host: localhost, port: 8000}
tool: {mcp_server_script_path: x.py}
`;

test("the first predecessor's file is taken over key by key, and what cannot be is named with the reason", async () => {
  using home = temporaryHome({ "classic.yaml": classic });
  const { config, variables, mapped, unmapped, from } = await translateFile(home.file("classic.yaml"));
  expect(from).toBe("classic");
  expect(config).toEqual({
    llms: {
      cores: [
        { name: "openai", kind: "openai", apiKey: "env:OPENAI_API_KEY", models: ["gpt-4o", "gpt-4o-mini"] },
        { name: "ollama", kind: "ollama", baseUrl: "http://localhost:8091/v1", models: ["qwen2.5:72b"] },
        {
          name: "sglang",
          kind: "compatible",
          baseUrl: "http://localhost:30001/v1",
          models: ["Qwen/Qwen2.5-72B-Instruct"],
        },
        { name: "deepseek", kind: "deepseek", apiKey: "env:DEEPSEEK_API_KEY", models: ["deepseek-chat"] },
      ],
    },
    scheduler: { policy: "rr", maxConcurrent: 32 },
    server: { port: 8000, host: "127.0.0.1" },
    files: { root: "root" },
  });
  expect(() => configSchema.parse(config)).not.toThrow();
  expect(variables).toEqual(["OPENAI_API_KEY", "HF_TOKEN", "HF_HOME", "DEEPSEEK_API_KEY"]);
  const lost = Object.fromEntries(unmapped.map(({ key, reason }) => [key, reason]));
  for (const key of [
    "llms.models.4.name",
    "llms.models.4.eval_device",
    "llms.router.strategy",
    "llms.router.bootstrap_url",
    "llms.log_mode",
    "memory.provider",
    "storage.use_vector_db",
    "tool.mcp_server_script_path",
  ])
    expect(lost[key], key).toMatch(/\w/);
  // Every value that stood there is in one of the two lists.
  const told = new Set([...mapped.map((each) => each.from), ...unmapped.map(({ key }) => key)]);
  expect(told.has("agent_factory.max_workers")).toBe(true);
  expect(told.has("llms.models.2.hostname")).toBe(true);
});

test("what memory put into prompts and took from answers is taken over with its bounds", async () => {
  const memory = "{provider: in-house, auto_extract: true, auto_inject: true, relevance_threshold: 0.5, ";
  using home = temporaryHome({
    "classic.yaml": `api_keys: {openai: sk-mine}\nserver: {port: 1}\nmemory: ${memory}max_injected_memories: 3, max_memory_tokens: 900}\n`,
  });
  const { config, unmapped } = await translateFile(home.file("classic.yaml"));
  expect(config).toMatchObject({ memory: { remember: true, recall: { limit: 3, maxTokens: 900 } } });
  expect(() => configSchema.parse(config)).not.toThrow();
  expect(unmapped.map(({ key }) => key)).toEqual(["memory.provider", "memory.relevance_threshold"]);
});

test("no key is in the translation, whatever it is printed to", async () => {
  using home = temporaryHome({ "classic.yaml": classic });
  const translation = await translateFile(home.file("classic.yaml"));
  expect(JSON.stringify(translation)).not.toMatch(/sk-classic|hf_classic|sk-own/);
});

test("models with keys of their own become cores of their own, and no two keys share a variable", async () => {
  using home = temporaryHome({
    "classic.yaml": `
api_keys: {openai: sk-shared}
llms:
  models:
    - {name: a, backend: openai, api_key: sk-first}
    - {name: b, backend: openai}
    - {name: c, backend: openai, hostname: "proxy.example:8443", api_key: sk-shared}
    - {name: d, backend: google}
    - {name: e, backend: google, api_key: gm-own}
    - {name: f, backend: vllm, hostname: "ftp://example.org"}
`,
  });
  const { config, variables, unmapped } = await translateFile(home.file("classic.yaml"));
  const baseUrl = "https://generativelanguage.googleapis.com/v1beta/openai";
  expect(config).toEqual({
    llms: {
      cores: [
        { name: "openai", kind: "openai", apiKey: "env:OPENAI_2_API_KEY", models: ["a"] },
        { name: "openai-2", kind: "openai", apiKey: "env:OPENAI_API_KEY", models: ["b"] },
        {
          name: "openai-3",
          kind: "openai",
          baseUrl: "http://proxy.example:8443/v1",
          apiKey: "env:OPENAI_API_KEY",
          models: ["c"],
        },
        { name: "google", kind: "compatible", baseUrl, apiKey: "env:GEMINI_API_KEY", models: ["d"] },
        { name: "google-2", kind: "compatible", baseUrl, apiKey: "env:GEMINI_2_API_KEY", models: ["e"] },
      ],
    },
  });
  // GEMINI_API_KEY does not stand in the file, but the configuration refers to it.
  expect(variables).toEqual(["OPENAI_API_KEY", "GEMINI_API_KEY", "OPENAI_2_API_KEY", "GEMINI_2_API_KEY"]);
  expect(unmapped.find(({ key }) => key === "llms.models.5.name")?.reason).toContain("ftp://example.org");
});

test("the first predecessor's older form with one model is taken over too", async () => {
  using home = temporaryHome({
    "classic.yaml": "api_keys: {openai: sk--}\nllm: {default_model: gpt-4, backend: openai, max_new_tokens: 256}\n",
  });
  const { config, unmapped } = await translateFile(home.file("classic.yaml"));
  expect(config).toEqual({
    llms: { cores: [{ name: "openai", kind: "openai", apiKey: "env:OPENAI_API_KEY", models: ["gpt-4"] }] },
  });
  expect(unmapped.map(({ key }) => key)).toEqual(["llm.max_new_tokens"]);
});

test("an address that would open the kernel to the network is not taken over", async () => {
  using home = temporaryHome({ "classic.yaml": "agent_factory: {}\nserver: {host: 0.0.0.0, port: 9000}\n" });
  const { config, unmapped } = await translateFile(home.file("classic.yaml"));
  expect(config).toEqual({ server: { port: 9000 } });
  expect(unmapped).toContainEqual({ key: "server.host", reason: expect.stringContaining("allowedHosts") as string });
});

test("the second family's file is taken over: bounds, time limits, daily and monthly cost", async () => {
  using home = temporaryHome({
    "prod.yaml": `
core: {workspace: "C:\\\\x", max_workers: 4, timeout_seconds: 300}
models: {default: claude-sonnet-4-6, api_key_env: OPENCLAW_API_KEY}
agents: {max_concurrent: 3, retry_limit: 2}
queue: {max_pending: 50}
quality_gates: {L0: {enabled: true}}
cost_control: {daily_limit: 5.0, monthly_limit: 100.0, alert_at_percent: 80}
storage: {backend: sqlite, path: x.db}
`,
  });
  const { config, unmapped, from } = await translateFile(home.file("prod.yaml"));
  expect(from).toBe("taiji");
  expect(config).toEqual({
    scheduler: { maxConcurrent: 3, defaultTimeoutMs: 300_000, maxAttempts: 3, queueLimit: 50 },
    budgets: {
      local: [
        { resource: "costUsd", window: "day", limit: 5 },
        { resource: "costUsd", window: "month", limit: 100 },
      ],
    },
  });
  expect(unmapped.map(({ key }) => key)).toEqual(
    expect.arrayContaining(["models.default", "quality_gates.L0.enabled", "storage.path"]),
  );
});

test("our own configuration, and any other file, is refused", async () => {
  using home = temporaryHome({ "ours.yaml": "server: {port: 1}\n", "list.yaml": "- 1\n" });
  for (const name of ["ours.yaml", "list.yaml"]) {
    const error: unknown = await translateFile(home.file(name)).catch((cause: unknown) => cause);
    expect(isSysError(error) && error.code).toBe("EINVAL");
  }
  await expect(translateFile(home.file("none.yaml"))).rejects.toMatchObject({ code: "ENOENT" });
});
