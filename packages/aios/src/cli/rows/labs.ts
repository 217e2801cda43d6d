import type { CommandModule, CommandRow } from "../registry.ts";

export const labsRows = [
  {
    path: "demo",
    group: "labs",
    effect: "write",
    summary: { en: "watch twelve agents share one small model core", zh: "观看十二个智能体共享一个小型模型核心" },
    details: {
      en: "The same as up --demo. Simulated unless a local Ollama answers or --core names a provider, whose key is then spent up to $0.50.",
      zh: "等同于 up --demo。默认使用模拟核心；若本机 Ollama 有应答则使用它；只有 --core 指定服务商时才会动用其密钥，上限 0.50 美元。",
    },
    examples: ["aios demo", "aios demo --core openai", "aios demo --lang zh"],
    options: [
      {
        name: "core",
        kind: "text",
        value: "NAME",
        summary: { en: "sim, ollama, or a provider whose key is set", zh: "sim、ollama，或已设置密钥的服务商" },
      },
      {
        name: "port",
        kind: "integer",
        min: 0,
        max: 65_535,
        summary: { en: "where the kernel listens; 0 takes any free port", zh: "内核监听的端口；0 表示任意空闲端口" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/demo.ts"),
  },
  {
    path: "bench",
    group: "labs",
    effect: "write",
    summary: { en: "measure this machine", zh: "在本机上运行基准测试" },
    examples: [
      "aios bench storm --agents 12 --json",
      "aios bench overhead --json",
      "aios bench sched --workload noisy-tenant --seeds 3",
      "aios bench sched --scale",
      "aios bench storage --peer ../their-checkout --json",
      "aios bench mem --json",
      "aios bench fs --seeds 1",
      "aios bench sandbox --peer ./with-sandbox-runtime --json",
      "aios bench injection --quick",
    ],
    args: [
      {
        name: "name",
        choices: ["storm", "overhead", "llm", "sched", "kernel", "storage", "mem", "fs", "sandbox", "injection"],
        summary: { en: "what to measure", zh: "测试项目" },
      },
    ],
    options: [
      {
        name: "agents",
        kind: "integer",
        value: "N",
        min: 1,
        max: 100_000,
        summary: { en: "agents of storm, or of each workload of sched", zh: "storm 或 sched 每个工作负载的智能体数量" },
      },
      { name: "seed", kind: "integer", summary: { en: "seed of the simulation", zh: "模拟的随机种子" } },
      {
        name: "seeds",
        kind: "integer",
        value: "N",
        min: 1,
        max: 1_000,
        summary: {
          en: "seeds to run: sched (10), mem (8), fs (5)",
          zh: "运行的种子数：sched（10）、mem（8）、fs（5）",
        },
      },
      {
        name: "workload",
        kind: "list",
        value: "NAME",
        summary: { en: "sched: only this workload; may come several times", zh: "sched：只运行该工作负载；可重复" },
      },
      {
        name: "policy",
        kind: "list",
        value: "NAME",
        summary: {
          en: "sched: only this policy beside fifo; may come several times",
          zh: "sched：除 fifo 外只比较该策略；可重复",
        },
      },
      {
        name: "load",
        kind: "number",
        value: "X",
        min: 0.1,
        max: 10,
        summary: {
          en: "sched: work offered against what the core can do (1.2)",
          zh: "sched：提交的工作量与核心能力之比（1.2）",
        },
      },
      {
        name: "scale",
        kind: "flag",
        summary: {
          en: "sched: 10,000 and 100,000 agents instead of the comparison",
          zh: "sched：改为运行 10,000 与 100,000 个智能体",
        },
      },
      {
        name: "gpu",
        kind: "flag",
        summary: { en: "llm: the context switch on a GPU as well", zh: "llm：同时在 GPU 上测量上下文切换" },
      },
      {
        name: "peer",
        kind: "list",
        value: "FOLDER",
        summary: {
          en: "kernel, storage, mem: what to compare with, as a folder; may come several times",
          zh: "kernel、storage、mem：用作对照的目录；可重复",
        },
      },
      {
        name: "heldOut",
        kind: "flag",
        summary: {
          en: "mem, fs: dialogues or files that nothing was tuned on, for figures to publish",
          zh: "mem、fs：使用未参与调参的对话或文件，用于发布的数据",
        },
      },
      {
        name: "quick",
        kind: "flag",
        summary: { en: "injection: some of everything, in seconds", zh: "injection：各取一部分，几秒内完成" },
      },
      {
        name: "svg",
        kind: "text",
        value: "FILE",
        summary: { en: "sched: draw the comparison", zh: "sched：将比较结果绘制为图" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/bench.ts"),
  },
  {
    path: "sim serve",
    group: "labs",
    effect: "read",
    summary: { en: "serve the simulated model over HTTP", zh: "通过 HTTP 提供模拟模型" },
    details: {
      en: "Speaks OpenAI's chat API with true rate-limit headers and 429s; for trying out clients and limits.",
      zh: "使用 OpenAI 聊天接口，返回真实的限流响应头与 429；用于试验客户端与限额。",
    },
    examples: ["aios sim serve --port 8100 --rpm 300 --burst 5 --latency 300"],
    options: [
      { name: "port", kind: "integer", default: 8100, min: 0, max: 65_535, summary: { en: "port", zh: "端口" } },
      { name: "seed", kind: "integer", default: 1, summary: { en: "seed", zh: "随机种子" } },
      {
        name: "slots",
        kind: "integer",
        min: 1,
        summary: { en: "answers at once", zh: "同时应答的数量" },
      },
      {
        name: "rpm",
        kind: "number",
        min: 0.1,
        summary: { en: "requests per minute; unlimited without it", zh: "每分钟请求数；不设则不限" },
      },
      {
        name: "burst",
        kind: "integer",
        min: 1,
        summary: { en: "requests that may come at once", zh: "允许的突发请求数" },
      },
      {
        name: "latency",
        kind: "integer",
        value: "MS",
        min: 0,
        summary: { en: "milliseconds to the first token", zh: "首个 token 的延迟（毫秒）" },
      },
      {
        name: "faults",
        kind: "number",
        min: 0,
        max: 1,
        summary: { en: "share of requests that go wrong", zh: "出错请求的比例" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/sim-serve.ts"),
  },
] as const satisfies readonly CommandRow[];
