import type { CommandModule, CommandRow } from "../registry.ts";

export const fsDoRows = [
  {
    path: "fs do",
    group: "files",
    effect: "danger",
    summary: { en: "do what a request in plain words asks for", zh: "按自然语言请求操作文件" },
    details: {
      en: "Shows first what it will do. What overwrites, removes or opens to others is asked about where there is a terminal, and not done without --yes where there is none. What was done is told with the commands that take it back. Without a model it understands the forms of docs/reference/file-requests.md.",
      zh: "先显示将要执行的操作。覆盖、移除或对他人开放的操作：有终端时会先询问；无终端时须加 --yes 才会执行。完成后给出撤销命令。没有模型时按 docs/reference/file-requests.md 所列句式理解。",
    },
    examples: [
      "aios fs do remove the folder drafts",
      "aios fs do find the contract about GPUs that I edited last week",
      "aios fs do 把 plan.md 恢复到昨天下午五点",
    ],
    args: [{ name: "request", isVariadic: true, summary: { en: "in English or Chinese", zh: "中文或英文的请求" } }],
    options: [
      { name: "yes", short: "y", kind: "flag", summary: { en: "do not ask", zh: "不询问" } },
      { name: "plan", kind: "flag", summary: { en: "show what it would do, and stop", zh: "只显示将要执行的操作" } },
    ],
    load: (): Promise<CommandModule> => import("../commands/fs-do.ts"),
  },
] as const satisfies readonly CommandRow[];
