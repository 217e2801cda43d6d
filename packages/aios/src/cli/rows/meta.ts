import type { CommandModule, CommandRow } from "../registry.ts";

export const metaRows = [
  {
    path: "version",
    group: "meta",
    effect: "read",
    summary: {
      en: "print the versions of AIOS, Node and the running kernel",
      zh: "输出 AIOS、Node 与运行中内核的版本",
    },
    load: (): Promise<CommandModule> => import("../commands/version.ts"),
  },
  {
    path: "completion",
    group: "meta",
    effect: "read",
    summary: { en: "print a completion script for your shell", zh: "输出 shell 的补全脚本" },
    examples: [
      'eval "$(aios completion bash)"',
      'eval "$(aios completion zsh)"',
      "aios completion fish > ~/.config/fish/completions/aios.fish",
    ],
    args: [{ name: "shell", choices: ["bash", "zsh", "fish"], summary: { en: "your shell", zh: "所用的 shell" } }],
    load: (): Promise<CommandModule> => import("../commands/completion.ts"),
  },
  {
    path: "schema",
    group: "meta",
    effect: "read",
    summary: { en: "print what is public here as JSON Schema", zh: "以 JSON Schema 输出公开接口" },
    details: {
      en: "commands: arguments and options of this program; config: config.yaml; policy: policy.yaml; syscalls: arguments and results of every syscall, or of the one that is named.",
      zh: "commands：本程序的参数与选项；config：config.yaml；policy：policy.yaml；syscalls：每个系统调用的参数与结果，也可只指定一个。",
    },
    examples: ["aios schema config > config.schema.json", "aios schema llm.chat"],
    args: [
      {
        name: "what",
        isOptional: true,
        summary: {
          en: "commands (the default), config, policy, syscalls, or a syscall",
          zh: "commands（默认）、config、policy、syscalls，或某个系统调用",
        },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/schema.ts"),
  },
  {
    path: "help",
    group: "meta",
    effect: "read",
    summary: { en: "tell about a command, or list them all", zh: "查看命令的用法，或列出全部命令" },
    args: [
      {
        name: "command",
        isOptional: true,
        isVariadic: true,
        summary: { en: "its words: config get", zh: "命令：config get" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/help.ts"),
  },
] as const satisfies readonly CommandRow[];
