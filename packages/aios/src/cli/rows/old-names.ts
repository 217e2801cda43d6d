// What predecessors called things and shaped differently: kept for scripts, left out of the listings.
// Where only the name differs it is an alias of the row itself.
import type { CommandModule, CommandRow } from "../registry.ts";
import type { Text } from "../text.ts";

const text = <const Name extends string>(name: Name, flag: string, summary: Text) =>
  ({ name, flag, kind: "text", value: "TEXT", summary }) as const;

export const oldRows = [
  {
    path: "run-agent",
    group: "run",
    effect: "write",
    isHidden: true,
    summary: { en: "run an agent (now: aios run AGENT TASK)", zh: "运行智能体（现为：aios run 智能体 任务）" },
    examples: ['aios run-agent --mode local --agent_path ./agents/clerk --task_input "list the Fridays of May"'],
    options: [
      {
        name: "mode",
        kind: "text",
        choices: ["local", "remote"],
        summary: { en: "from a folder, or by name", zh: "按文件夹或按名称" },
      },
      text("agentPath", "--agent_path", { en: "its folder", zh: "智能体的文件夹" }),
      text("agentAuthor", "--agent_author", { en: "its author", zh: "智能体的作者" }),
      text("agentName", "--agent_name", { en: "its name", zh: "智能体的名称" }),
      text("agentVersion", "--agent_version", { en: "its version", zh: "智能体的版本" }),
      text("agenthubUrl", "--agenthub_url", { en: "unused: there is no hub", zh: "未使用：没有 hub" }),
      text("taskInput", "--task_input", { en: "what it shall do", zh: "要它做的事" }),
      text("task", "--task", { en: "the same", zh: "同上" }),
    ],
    load: (): Promise<CommandModule> => import("../commands/run-agent.ts"),
  },
  {
    path: "list-agents",
    group: "run",
    effect: "read",
    isHidden: true,
    summary: { en: "list the agents on this machine", zh: "列出本机的智能体" },
    aliases: ["list-local-agents"],
    load: (): Promise<CommandModule> => import("../commands/list-agents.ts"),
  },
  {
    path: "submit",
    group: "run",
    effect: "write",
    isHidden: true,
    summary: {
      en: "ask the built-in agent and return at once (now: aios exec PROMPT)",
      zh: "交给内置智能体并立即返回（现为：aios exec 提示）",
    },
    examples: ['aios submit --desc "what is 19 % of 2,480?" --priority high'],
    args: [{ name: "task", isOptional: true, isVariadic: true, summary: { en: "what it shall do", zh: "要它做的事" } }],
    options: [
      { name: "desc", kind: "text", value: "TEXT", summary: { en: "what it shall do", zh: "要它做的事" } },
      { name: "type", kind: "text", value: "TYPE", summary: { en: "what ps calls it", zh: "在 ps 中显示的名称" } },
      {
        name: "priority",
        kind: "text",
        choices: ["low", "normal", "high", "critical"],
        default: "normal",
        summary: { en: "nice 10, 0, −10 or −20", zh: "对应 nice 10、0、−10、−20" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/submit.ts"),
  },
  {
    path: "tasks",
    group: "process",
    effect: "read",
    isHidden: true,
    summary: { en: "list all processes (now: aios ps -a)", zh: "列出所有进程（现为：aios ps -a）" },
    load: (): Promise<CommandModule> => import("../commands/tasks.ts"),
  },
  {
    path: "benchmark",
    group: "labs",
    effect: "write",
    isHidden: true,
    summary: { en: "measure this machine (now: aios bench NAME)", zh: "运行基准测试（现为：aios bench 名称）" },
    args: [
      {
        name: "name",
        isOptional: true,
        choices: ["storm", "overhead"],
        summary: { en: "what to measure; default: storm", zh: "测试项目，默认 storm" },
      },
    ],
    options: [
      {
        name: "module",
        kind: "text",
        choices: ["storm", "overhead"],
        summary: { en: "the same as NAME", zh: "与 NAME 相同" },
      },
      {
        name: "agents",
        kind: "integer",
        value: "N",
        min: 1,
        max: 100_000,
        summary: { en: "agents of the storm", zh: "storm 的智能体数量" },
      },
      { name: "seed", kind: "integer", summary: { en: "seed of the simulation", zh: "模拟的随机种子" } },
    ],
    load: (): Promise<CommandModule> => import("../commands/benchmark.ts"),
  },
] as const satisfies readonly CommandRow[];
