import type { ArgumentSpec, CommandModule, CommandRow } from "../registry.ts";

const pid = {
  name: "pid",
  summary: { en: "a pid, a unique prefix of one, or a name", zh: "进程号、其唯一前缀，或进程名" },
} as const satisfies ArgumentSpec;

/** Seeing and following processes. */
export const watchRows = [
  {
    path: "ps",
    group: "process",
    effect: "read",
    summary: { en: "list the processes", zh: "列出进程" },
    details: {
      en: "CALLS counts queued/running/done/failed. WAIT is the time its calls stood in run queues. What a simulation answered is marked “sim”. A narrow terminal shows fewer columns. A terminal gets a page at a time; --jsonl prints them all.",
      zh: "“调用”依次为 排队/运行/完成/失败。“等待”是调用在运行队列中花费的时间。由模拟核心应答的会标注 “sim”。终端较窄时会省略部分列。终端上一次显示一页，--jsonl 输出全部。",
    },
    examples: [
      "aios ps",
      "aios ps -a --json",
      "aios ps --state suspended --name 'worker-*'",
      "aios ps -a --jsonl | wc -l",
    ],
    options: [
      {
        name: "all",
        short: "a",
        kind: "flag",
        summary: { en: "show processes that have ended too", zh: "也显示已结束的进程" },
      },
      {
        name: "state",
        kind: "list",
        choices: ["new", "ready", "running", "blocked", "suspended", "ended"],
        summary: { en: "only those in this state; may come several times", zh: "只显示该状态的进程；可重复" },
      },
      {
        name: "kind",
        kind: "list",
        choices: ["agent", "module", "command", "client"],
        summary: { en: "only those of this kind; may come several times", zh: "只显示该种类的进程；可重复" },
      },
      {
        name: "name",
        kind: "list",
        value: "PATTERN",
        summary: {
          en: "only those of this name, as worker-*; may come several times",
          zh: "只显示该名称的进程，例如 worker-*；可重复",
        },
      },
      {
        name: "limit",
        kind: "integer",
        value: "N",
        min: 1,
        max: 10_000,
        summary: {
          en: "so many at most; default: what fits the terminal, 1000 with --json, all otherwise",
          zh: "最多显示的数量；默认：终端能容纳的行数，--json 时为 1000，其余情况为全部",
        },
      },
      {
        name: "after",
        kind: "text",
        value: "PLACE",
        summary: { en: "the page after this one, as the page before says", zh: "上一页所给位置之后的一页" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/ps.ts"),
  },
  {
    path: "top",
    group: "process",
    effect: "read",
    summary: { en: "watch processes, queues and limits", zh: "实时查看进程、队列与限额" },
    details: {
      en: "Refreshes until q or Ctrl-C. Without a terminal it prints once.",
      zh: "持续刷新，按 q 或 Ctrl-C 退出。没有终端时只输出一次。",
    },
    options: [
      {
        name: "all",
        short: "a",
        kind: "flag",
        summary: { en: "show processes that have ended too", zh: "也显示已结束的进程" },
      },
      {
        name: "interval",
        kind: "number",
        value: "SECONDS",
        default: 1,
        min: 0.1,
        max: 3600,
        summary: { en: "seconds between refreshes", zh: "刷新间隔（秒）" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/top.ts"),
  },
  {
    path: "logs",
    group: "process",
    effect: "read",
    summary: { en: "show what a process printed", zh: "查看进程的输出" },
    examples: ["aios logs -f my-agent"],
    args: [pid],
    options: [
      {
        name: "follow",
        short: "f",
        kind: "flag",
        summary: { en: "go on until the process ends", zh: "持续输出，直到进程结束" },
      },
      {
        name: "tail",
        kind: "integer",
        value: "BYTES",
        default: 65_536,
        min: 1,
        max: 10_000_000,
        summary: { en: "start so many bytes before the end", zh: "从末尾前多少字节开始" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/logs.ts"),
  },
  {
    path: "attach",
    group: "process",
    effect: "write",
    summary: {
      en: "follow a process to its end; Ctrl-C leaves it running",
      zh: "跟随进程直到结束；Ctrl-C 脱离而不影响进程",
    },
    details: {
      en: "Prints its output from the last lines on, says when it is suspended and goes on, and exits as it does. On a terminal each line that is typed becomes a message in its inbox.",
      zh: "从最后几行起输出其内容，提示挂起与恢复，并以其退出码退出。在终端上输入的每一行都会成为其收件箱中的一条消息。",
    },
    examples: ["aios attach my-agent"],
    args: [pid],
    options: [
      {
        name: "tail",
        kind: "integer",
        value: "BYTES",
        default: 4_096,
        min: 1,
        max: 10_000_000,
        summary: { en: "start so many bytes before now, with a whole line", zh: "从当前位置前多少字节开始（取整行）" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/attach.ts"),
  },
  {
    path: "trace",
    group: "process",
    effect: "read",
    summary: { en: "show the syscalls of a process, one line each", zh: "逐行列出进程的系统调用" },
    details: {
      en: "Like strace: when, what was asked, how it ended, tokens, time in the queue + on the device, cost. With --diff two processes side by side: = the same, ~ the same call with another result, - only in the first, + only in the second; exit 1 where they differ.",
      zh: "类似 strace：时间、请求内容、结果、token 数、排队时间 + 执行时间、费用。--diff 并排比较两个进程：= 相同，~ 同一调用但结果不同，- 仅前者有，+ 仅后者有；有差异时退出码为 1。",
    },
    examples: [
      "aios trace my-agent",
      "aios trace my-agent --follow --name 'llm.*' --min-ms 2000",
      "aios trace my-agent --tree --state failed --since 1h",
      "aios trace --diff first-run second-run",
    ],
    args: [
      pid,
      {
        name: "other",
        isOptional: true,
        summary: { en: "with --diff: the process to compare it with", zh: "配合 --diff：用于比较的另一个进程" },
      },
    ],
    options: [
      {
        name: "follow",
        short: "f",
        kind: "flag",
        summary: { en: "go on until the process ends", zh: "持续输出，直到进程结束" },
      },
      {
        name: "tree",
        kind: "flag",
        summary: { en: "its children's too, in order of time", zh: "包括其子进程，按时间排序" },
      },
      {
        name: "name",
        kind: "list",
        value: "PATTERN",
        summary: { en: "only these, as llm.*; may come several times", zh: "只显示这些调用，例如 llm.*；可重复" },
      },
      {
        name: "state",
        kind: "list",
        choices: ["queued", "running", "done", "failed", "ambiguous", "undone"],
        summary: { en: "only those in this state; may come several times", zh: "只显示该状态的调用；可重复" },
      },
      {
        name: "minMs",
        kind: "number",
        value: "MS",
        min: 0,
        summary: { en: "only those that took so long, waiting included", zh: "只显示耗时（含等待）不短于该值的调用" },
      },
      {
        name: "since",
        kind: "text",
        value: "TIME",
        summary: { en: "only those made since: 15m, 24h, 2026-11-01", zh: "只显示此后的调用：15m、24h、2026-11-01" },
      },
      {
        name: "until",
        kind: "text",
        value: "TIME",
        summary: { en: "only those made before", zh: "只显示此前的调用" },
      },
      {
        name: "after",
        kind: "integer",
        value: "SEQ",
        default: 0,
        min: 0,
        summary: { en: "only syscalls after this number", zh: "只显示该序号之后的系统调用" },
      },
      {
        name: "diff",
        kind: "flag",
        summary: { en: "compare two processes", zh: "比较两个进程" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/trace.ts"),
  },
  {
    path: "profile",
    group: "process",
    effect: "read",
    summary: { en: "show where a process's time and money went", zh: "查看进程的时间与费用花在哪里" },
    details: {
      en: "Wall time by share: waiting in run queues, prefill (until a model's first output), decode (from there to its end), tools, other syscalls, suspended, and the program's own time, when no call was open. Calls that overlap are counted once.",
      zh: "按份额列出总时长：排队等待、预填充（到模型首次输出为止）、生成（从首次输出到结束）、工具、其他系统调用、挂起，以及没有调用时程序自身的时间。重叠的调用只计一次。",
    },
    examples: ["aios profile my-agent", "aios profile my-agent --tree --json"],
    args: [pid],
    options: [
      {
        name: "tree",
        kind: "flag",
        summary: { en: "its children's calls too", zh: "包括其子进程的调用" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/profile.ts"),
  },
  {
    path: "replay",
    group: "process",
    effect: "read",
    summary: {
      en: "run a process again over its record, or recorded model calls under another policy",
      zh: "按记录重新运行某个进程，或在另一调度策略下模拟已记录的模型调用",
    },
    details: {
      en: "With a process: its program runs from the first call to the last, is told what it was told, and makes no call of its own; exit 6 where it goes another way. With --policy a simulation: the kernel's own scheduler on a virtual clock, with the calls of this home's journal as they came and as long as they took. No model is asked, and nothing changes.",
      zh: "给出进程时：其程序从第一个调用运行到最后一个，得到当时的应答，不发出任何新调用；若走向不同则退出码为 6。给出 --policy 时为模拟：内核自身的调度器在虚拟时钟上运行，调用取自本主目录的日志，到达时刻与执行时长不变。不会请求任何模型，也不会改变任何状态。",
    },
    examples: ["aios replay my-agent", "aios replay --policy fifo", "aios replay --policy priority --since 24h --json"],
    args: [
      {
        name: "pid",
        isOptional: true,
        summary: { en: "an agent or a module, by pid, prefix or name", zh: "智能体或模块（进程号、前缀或名称）" },
      },
    ],
    options: [
      {
        name: "policy",
        kind: "text",
        choices: ["fifo", "rr", "priority", "edf", "plas-vtc"],
        summary: { en: "the policy to try, beside the present one", zh: "要试用的策略，与当前策略比较" },
      },
      {
        name: "since",
        kind: "text",
        value: "TIME",
        summary: {
          en: "only calls that ended since: 24h, 7d, 2026-11-01",
          zh: "只取此后结束的调用：24h、7d、2026-11-01",
        },
      },
      {
        name: "until",
        kind: "text",
        value: "TIME",
        summary: { en: "only calls that ended before", zh: "只取此前结束的调用" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/replay.ts"),
  },
] as const satisfies readonly CommandRow[];
