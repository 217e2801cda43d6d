import type { ArgumentSpec, CommandModule, CommandRow, OptionSpec } from "../registry.ts";

const pid = {
  name: "pid",
  summary: { en: "a pid, a unique prefix of one, or a name", zh: "进程号、其唯一前缀，或进程名" },
} as const satisfies ArgumentSpec;
const at = {
  name: "at",
  kind: "integer",
  value: "SEQ",
  min: 0,
  summary: {
    en: "as it was after this call (aios trace PID --json tells the numbers); default: the last one",
    zh: "取该调用之后的状态（aios trace PID --json 显示序号）；默认：最后一个",
  },
} as const satisfies OptionSpec;
const name = {
  name: "name",
  kind: "text",
  value: "NAME",
  summary: { en: "what the new process is called", zh: "新进程的名称" },
} as const satisfies OptionSpec;

export const stateRows = [
  {
    path: "snapshot",
    group: "process",
    effect: "read",
    summary: { en: "write all of an agent or a module to a file", zh: "把智能体或模块的全部状态写入文件" },
    details: {
      en: "What it is, all that it was told, its files, values and notes, as they were after one of its calls, also while it goes on. aios restore makes a process of it, on any machine. Every line has its checksum. The file holds what the process knows: keep it as you keep that.",
      zh: "包括它本身、它得到的全部应答、它的文件、值与笔记，均为某次调用之后的状态；进程运行时也可创建。aios restore 可在任何机器上据此建立进程。每一行都有校验和。文件包含该进程所知的一切，请妥善保管。",
    },
    examples: ["aios snapshot my-agent", "aios snapshot my-agent --at 40 -o before.snapshot"],
    args: [pid],
    options: [
      {
        name: "output",
        short: "o",
        kind: "text",
        value: "FILE",
        summary: { en: "default: NAME-PID.snapshot here", zh: "默认：当前目录下的 NAME-PID.snapshot" },
      },
      at,
    ],
    load: (): Promise<CommandModule> => import("../commands/snapshot.ts"),
  },
  {
    path: "restore",
    group: "process",
    effect: "write",
    summary: { en: "make a process of a snapshot", zh: "由快照建立进程" },
    details: {
      en: "It goes on where the snapshot was taken, here or on another machine, with its pid if nobody has had that here. All checksums are looked at first; a process is made whole or not at all. A module's file must be there under the same path; a model's core under the same name.",
      zh: "进程从创建快照处继续，可在本机或其他机器上；若进程号未被占用则沿用。先核对全部校验和；进程要么完整建立，要么完全不建立。模块文件须在相同路径下，模型核心须同名。",
    },
    examples: ["aios restore before.snapshot --suspended", "aios restore before.snapshot --name second"],
    args: [{ name: "file", summary: { en: "as aios snapshot wrote it", zh: "由 aios snapshot 写入的文件" } }],
    options: [
      name,
      {
        name: "suspended",
        kind: "flag",
        summary: { en: "it waits until it is resumed", zh: "建立后挂起，直到恢复" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/restore.ts"),
  },
  {
    path: "fork",
    group: "process",
    effect: "write",
    summary: { en: "start a copy of an agent or a module", zh: "启动智能体或模块的副本" },
    details: {
      en: "The copy was told what the original was told up to a call, has copies of its files, values and notes, and goes its own way from there. It has the same limits, and has used nothing of them.",
      zh: "副本得到与原进程截至某次调用相同的应答，拥有其文件、值与笔记的副本，并从该处独立运行。限额相同，用量从零开始。",
    },
    examples: ["aios fork my-agent", "aios fork my-agent --at 40 --name other-way"],
    args: [pid],
    options: [at, name],
    load: (): Promise<CommandModule> => import("../commands/fork.ts"),
  },
  {
    path: "rollback",
    group: "process",
    effect: "danger",
    summary: { en: "take an agent or a module back to an earlier call", zh: "让智能体或模块回到较早的调用" },
    details: {
      en: "Its later calls are undone, its files, values and notes are as they were, and it goes on from there, also after its end. Undone calls stay in the trace, and what they cost stays paid. What they did outside (mail, other processes) cannot be undone and is listed.",
      zh: "其后的调用被撤销，文件、值与笔记恢复原状，进程从该处继续；已结束的进程亦可。被撤销的调用仍保留在跟踪记录中，费用不退。它们在外部的影响（邮件、其他进程）无法撤销，会被列出。",
    },
    examples: ["aios rollback my-agent 40", "aios rollback my-agent 0"],
    args: [
      pid,
      {
        name: "seq",
        kind: "integer",
        summary: { en: "number of the last call that holds; 0: none", zh: "保留的最后一个调用的序号；0 表示全部撤销" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/rollback.ts"),
  },
] as const satisfies readonly CommandRow[];
