import type { CommandModule, CommandRow } from "../registry.ts";

export const llmRows = [
  {
    path: "llm ls",
    group: "llm",
    effect: "read",
    summary: { en: "list cores and their models", zh: "列出模型核心及其模型" },
    details: {
      en: "What the running kernel sees; without one, what is configured.",
      zh: "显示运行中内核的情况；内核未运行时显示配置内容。",
    },
    aliases: ["llm list", "list-available-llms"],
    load: (): Promise<CommandModule> => import("../commands/llm-ls.ts"),
  },
  {
    path: "llm add",
    group: "llm",
    effect: "write",
    summary: { en: "add a model core to the configuration", zh: "在配置中添加模型核心" },
    details: {
      en: "The key is named, never written down: env:NAME or file:PATH. Without --api-key the provider's usual variable is taken. What the key allows is learned from the provider's answers unless --rpm and the like say it.",
      zh: "只引用密钥，不写入密钥本身：env:NAME 或 file:PATH。不指定 --api-key 时使用该服务商惯用的变量。除非用 --rpm 等指定，限额会从服务商的响应中学习。",
    },
    examples: [
      "aios llm add openai --model gpt-4o-mini --rpm 300",
      "aios llm add deepseek",
      "aios llm add gpu --kind vllm --base-url http://127.0.0.1:8000/v1 --concurrency 8",
      "aios llm add fireworks --package @ai-sdk/fireworks --api-key env:FIREWORKS_API_KEY --model accounts/fireworks/models/kimi-k2",
    ],
    args: [
      {
        name: "name",
        summary: {
          en: "what the core is called; a provider's name says its kind",
          zh: "核心的名称；若为服务商名称则同时决定类型",
        },
      },
    ],
    options: [
      {
        name: "kind",
        kind: "text",
        value: "KIND",
        summary: {
          en: "openai, google, vllm, ollama, compatible, ai-sdk, sim…; default: the name",
          zh: "openai、google、vllm、ollama、compatible、ai-sdk、sim 等；默认与名称相同",
        },
      },
      {
        name: "package",
        kind: "text",
        value: "NPM",
        summary: { en: "an AI SDK provider package, which npm has installed", zh: "已用 npm 安装的 AI SDK 服务商包" },
      },
      {
        name: "modelPath",
        kind: "text",
        value: "PATH",
        summary: {
          en: "llama, transformers: the weights, or hf:OWNER/REPO that was pulled",
          zh: "llama、transformers：权重路径，或已下载的 hf:所有者/仓库",
        },
      },
      {
        name: "baseUrl",
        kind: "list",
        value: "URL",
        summary: { en: "where it is; default: the provider's own address", zh: "地址；默认为该服务商的地址" },
      },
      {
        name: "apiKey",
        kind: "list",
        value: "REFERENCE",
        summary: { en: "env:NAME or file:PATH, never the key itself", zh: "env:NAME 或 file:PATH，绝不是密钥本身" },
      },
      {
        name: "model",
        kind: "list",
        value: "NAME",
        summary: { en: "a model; default: what the provider lists", zh: "模型；默认为服务商列出的全部" },
      },
      {
        name: "rpm",
        kind: "number",
        value: "N",
        min: 0.001,
        summary: { en: "requests per minute that the key allows", zh: "密钥允许的每分钟请求数" },
      },
      {
        name: "burst",
        kind: "number",
        value: "N",
        min: 1,
        summary: { en: "requests at once after a pause", zh: "允许的突发请求数" },
      },
      {
        name: "concurrency",
        kind: "integer",
        value: "N",
        min: 1,
        summary: { en: "calls at once", zh: "并发调用数" },
      },
      {
        name: "price",
        kind: "text",
        value: "IN/OUT",
        summary: {
          en: "US dollars per million tokens, as 0.15/0.60; needed for budgets in dollars",
          zh: "每百万 token 的美元价格，如 0.15/0.60；美元预算需要它",
        },
      },
      {
        name: "noTest",
        kind: "flag",
        summary: { en: "do not ask it for its models", zh: "不测试连接" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/llm-add.ts"),
  },
  {
    path: "llm test",
    group: "llm",
    effect: "read",
    summary: { en: "try the cores: does each answer, is its key good", zh: "测试核心：能否应答、密钥是否有效" },
    details: {
      en: "Without a name: asks every core for its list of models, which costs nothing and wants no kernel. With one: asks that core's model a question of at most 16 tokens through the running kernel, as any program would. --full also tries a tool call and an answer by a JSON schema (256 tokens each at most).",
      zh: "不带名称：请求每个核心的模型列表，不产生费用，也不需要内核。带名称：通过运行中的内核向该核心的模型提一个问题（最多 16 个 token），与普通程序一样。--full 还会测试工具调用与 JSON Schema 输出（各最多 256 个 token）。",
    },
    examples: ["aios llm test", "aios llm test gemini", "aios llm test gemini/gemini-2.5-flash --full"],
    args: [
      {
        name: "core",
        isOptional: true,
        summary: { en: "only this one: CORE or CORE/MODEL", zh: "只测试它：核心 或 核心/模型" },
      },
    ],
    options: [
      {
        name: "chat",
        kind: "flag",
        summary: { en: "let all cores answer (a few tokens each)", zh: "让所有核心应答（各消耗少量 token）" },
      },
      {
        name: "full",
        kind: "flag",
        summary: { en: "try tool calls and JSON schemas too", zh: "同时测试工具调用与 JSON Schema" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/llm-test.ts"),
  },
  {
    path: "llm pull",
    group: "llm",
    effect: "write",
    summary: { en: "fetch weights from Hugging Face for a local core", zh: "从 Hugging Face 下载本地核心所用的权重" },
    details: {
      en: "Into the cache that all of Hugging Face's tools share (HF_HOME); nothing is fetched twice, what was interrupted goes on, and every file's checksum is looked at. Several GGUF files: FILE is a path or a quantisation as Q4_K_M; without it a usual one of 4 bits is taken. Repositories of ONNX weights: FILE is a dtype as q4. HF_TOKEN opens private and gated models, HF_ENDPOINT names a mirror.",
      zh: "保存到 Hugging Face 各工具共用的缓存（HF_HOME）；不会重复下载，中断后可继续，并核对每个文件的校验和。有多个 GGUF 文件时：FILE 为路径或 Q4_K_M 之类的量化名；不指定则选常用的 4 位量化。ONNX 仓库：FILE 为 q4 之类的 dtype。HF_TOKEN 用于私有与受限模型，HF_ENDPOINT 指定镜像站。",
    },
    examples: [
      "aios llm pull hf:Qwen/Qwen3-0.6B-GGUF",
      "aios llm pull hf:Qwen/Qwen3-0.6B-GGUF:Q8_0",
      "aios llm pull hf:onnx-community/Qwen3-0.6B-ONNX:q4",
    ],
    args: [{ name: "weights", summary: { en: "hf:OWNER/REPO[@REVISION][:FILE]", zh: "hf:所有者/仓库[@版本][:文件]" } }],
    options: [
      {
        name: "onnx",
        kind: "flag",
        summary: { en: "the ONNX weights of a repository that has both", zh: "仓库同时含两种权重时下载 ONNX" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/llm-pull.ts"),
  },
  {
    path: "llm route",
    group: "llm",
    effect: "read",
    summary: { en: "say which lanes would serve a prompt, and why", zh: "说明某个提示会由哪些通道处理及原因" },
    details: {
      en: "Asks no model and changes nothing. The call would stand in all lanes of one number at once; the next number takes over where they fail.",
      zh: "不请求模型，也不改变任何状态。同一编号的通道同时排队；失败时由下一编号接替。",
    },
    examples: ['aios llm route "Prove that there are infinitely many primes"', 'aios llm route "你好" --model auto'],
    args: [{ name: "prompt", summary: { en: "what the user would say", zh: "用户的话" } }],
    options: [
      {
        name: "model",
        kind: "text",
        value: "NAME",
        default: "auto",
        summary: { en: "core/model, an alias or auto", zh: "core/model、别名或 auto" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/llm-route.ts"),
  },
  {
    path: "llm usage",
    group: "llm",
    effect: "read",
    summary: { en: "show calls, tokens and cost", zh: "查看调用、token 与费用" },
    details: {
      en: "From the journal, so across restarts, as far back as it is kept (journal.keepDays). Days are UTC.",
      zh: "取自日志，跨越重启，追溯至日志保留期（journal.keepDays）。日期为 UTC。",
    },
    examples: [
      "aios llm usage",
      "aios llm usage --by day --since 7d",
      "aios llm usage --by process --since 2026-11-01",
    ],
    options: [
      {
        name: "by",
        kind: "text",
        choices: ["model", "process", "tenant", "day"],
        default: "model",
        summary: { en: "what to add up by", zh: "汇总方式" },
      },
      {
        name: "since",
        kind: "text",
        value: "TIME",
        summary: { en: "24h, 7d, or a day", zh: "24h、7d 或日期" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/llm-usage.ts"),
  },
] as const satisfies readonly CommandRow[];
