import type { ArgumentSpec, CommandModule, CommandRow, OptionSpec } from "../registry.ts";

const pid = {
  name: "pid",
  summary: { en: "a pid, a unique prefix of one, or a name", zh: "进程号、其唯一前缀，或进程名" },
} as const satisfies ArgumentSpec;
const pids = { ...pid, name: "pids", isVariadic: true } as const satisfies ArgumentSpec;
const alone = {
  name: "alone",
  kind: "flag",
  summary: { en: "only this process, not its children", zh: "只对该进程生效，不包括其子进程" },
} as const satisfies OptionSpec;

export const processRows = [
  {
    path: "kill",
    group: "process",
    effect: "danger",
    summary: {
      en: "end processes with all their children, or send a signal",
      zh: "结束进程及其全部子进程，或发送信号",
    },
    examples: ["aios kill my-agent", "aios kill -s interrupt my-agent"],
    args: [pids],
    options: [
      {
        name: "signal",
        short: "s",
        kind: "text",
        choices: ["kill", "interrupt", "suspend", "resume"],
        default: "kill",
        summary: {
          en: "what to send; interrupt cancels the calls under way",
          zh: "要发送的信号；interrupt 取消进行中的调用",
        },
      },
      alone,
    ],
    load: (): Promise<CommandModule> => import("../commands/kill.ts"),
  },
  {
    path: "nice",
    group: "process",
    effect: "write",
    summary: { en: "change a process's nice value or class", zh: "修改进程的 nice 值或调度类别" },
    details: {
      en: "−20 goes first, 19 last. Calls already waiting are queued anew.",
      zh: "−20 最优先，19 最靠后。已在等待的调用会重新排队。",
    },
    examples: ["aios nice my-agent -5", "aios nice my-agent --class interactive"],
    args: [
      pid,
      {
        name: "value",
        kind: "integer",
        isOptional: true,
        summary: { en: "from -20 to 19", zh: "-20 到 19" },
      },
    ],
    options: [
      {
        name: "class",
        kind: "text",
        choices: ["interactive", "batch"],
        summary: { en: "interactive calls find a slot kept for them", zh: "interactive 类调用有预留的执行位" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/nice.ts"),
  },
  {
    path: "suspend",
    group: "process",
    effect: "write",
    summary: { en: "stop processes until they are resumed", zh: "挂起进程，直到恢复" },
    args: [pids],
    options: [alone],
    load: (): Promise<CommandModule> => import("../commands/suspend.ts"),
  },
  {
    path: "resume",
    group: "process",
    effect: "write",
    summary: { en: "let suspended processes go on", zh: "恢复被挂起的进程" },
    args: [pids],
    options: [alone],
    load: (): Promise<CommandModule> => import("../commands/resume.ts"),
  },
  {
    path: "wait",
    group: "process",
    effect: "read",
    summary: { en: "wait until a process has ended; exit with its code", zh: "等待进程结束，并以其退出码退出" },
    args: [pid],
    options: [
      {
        name: "timeout",
        kind: "number",
        value: "SECONDS",
        min: 0.001,
        summary: { en: "give up after so many seconds (exit 124)", zh: "超过该秒数则放弃（退出码 124）" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/wait.ts"),
  },
  {
    path: "limits",
    group: "process",
    effect: "write",
    summary: { en: "show or set the limits of a process", zh: "查看或设置进程的限额" },
    details: {
      en: "RESOURCE=NUMBER[/WINDOW]; resources: tokens, usd, calls, tool-calls, wall; windows: run, hour, day, month. A limit of the same resource and window is replaced.",
      zh: "格式：资源=数值[/窗口]；资源：tokens、usd、calls、tool-calls、wall；窗口：run、hour、day、month。同一资源与窗口的限额会被替换。",
    },
    examples: ["aios limits my-agent", "aios limits my-agent tokens=10000/day usd=0.50"],
    args: [
      pid,
      {
        name: "limits",
        isOptional: true,
        isVariadic: true,
        summary: { en: "tokens=10000/day and the like", zh: "例如 tokens=10000/day" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/limits.ts"),
  },
] as const satisfies readonly CommandRow[];
