import type { CommandModule, CommandRow } from "../registry.ts";

export const budgetRows = [
  {
    path: "budget show",
    group: "budget",
    effect: "read",
    summary: { en: "show limits, and what of them is used", zh: "查看限额及其使用情况" },
    args: [
      {
        name: "scope",
        isOptional: true,
        summary: {
          en: "only this: tenant:NAME, key:ID or process:PID",
          zh: "只看该范围：tenant:NAME、key:ID 或 process:PID",
        },
      },
    ],
    aliases: ["budget ls", "budget"],
    load: (): Promise<CommandModule> => import("../commands/budget-show.ts"),
  },
  {
    path: "budget set",
    group: "budget",
    effect: "write",
    summary: { en: "set hard limits of a tenant, a key or a process", zh: "为租户、密钥或进程设置硬性限额" },
    details: {
      en: "RESOURCE=NUMBER[/WINDOW]; resources: tokens, usd, calls, tool-calls, wall; windows: run, hour, day, month. Calls are clamped to what is left; at 0 the process is suspended or refused.",
      zh: "格式：资源=数值[/窗口]；资源：tokens、usd、calls、tool-calls、wall；窗口：run、hour、day、month。调用会被限制在剩余额度内；用完后进程被挂起或拒绝。",
    },
    examples: ["aios budget set tenant:local usd=5/day", "aios budget set key:ab12cd34 tokens=100k/day calls=500/hour"],
    args: [
      {
        name: "scope",
        summary: { en: "tenant:NAME, key:ID or process:PID", zh: "tenant:NAME、key:ID 或 process:PID" },
      },
      { name: "limits", isVariadic: true, summary: { en: "usd=5/day and the like", zh: "例如 usd=5/day" } },
    ],
    load: (): Promise<CommandModule> => import("../commands/budget-set.ts"),
  },
] as const satisfies readonly CommandRow[];
