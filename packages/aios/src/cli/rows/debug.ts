import type { CommandModule, CommandRow } from "../registry.ts";

export const debugRows = [
  {
    path: "debug",
    group: "process",
    effect: "danger",
    summary: { en: "hold a process's syscalls, look, edit, go on", zh: "在系统调用处暂停进程：查看、修改、继续" },
    details: {
      en: "A held call has not been admitted: nothing has happened yet. On a terminal it asks what to do: continue, step (hold the next call too), edit the arguments in $EDITOR, answer in the device's place, quit. Without a terminal the calls are printed and go on; --once takes the first one, and does with it what --edit, --answer or --fail say. When the debugger is gone, everything goes on within seconds.",
      zh: "被暂停的调用尚未被接受：什么都还没有发生。在终端上会询问如何处理：继续、单步（下一个调用也暂停）、在 $EDITOR 中修改参数、代替设备作答、退出。没有终端时输出各调用并放行；--once 只取第一个，并按 --edit、--answer 或 --fail 处理。调试器离开后，所有调用会在数秒内继续。",
    },
    examples: [
      "aios debug my-agent --break tool.call",
      "aios debug my-agent --break 'llm.*' --once --json",
      `aios debug my-agent --break tool.call --once --answer '{"content": "42"}'`,
    ],
    args: [
      { name: "pid", summary: { en: "a pid, a unique prefix of one, or a name", zh: "进程号、其唯一前缀，或进程名" } },
    ],
    options: [
      {
        name: "break",
        kind: "list",
        value: "PATTERN",
        summary: {
          en: "hold calls of these names, as llm.*; may come several times; default: every call",
          zh: "暂停这些名称的调用，例如 llm.*；可重复；默认：所有调用",
        },
      },
      {
        name: "once",
        kind: "flag",
        summary: { en: "only the first call; then leave", zh: "只处理第一个调用，然后离开" },
      },
      {
        name: "edit",
        kind: "text",
        value: "JSON",
        summary: { en: "with --once: make it with these arguments instead", zh: "与 --once 同用：改用这些参数" },
      },
      {
        name: "answer",
        kind: "text",
        value: "JSON",
        summary: { en: "with --once: do not make it, and return this", zh: "与 --once 同用：不执行，直接返回此结果" },
      },
      {
        name: "fail",
        kind: "text",
        value: "CODE",
        summary: {
          en: "with --once: do not make it, and fail with this errno",
          zh: "与 --once 同用：不执行，以此错误码失败",
        },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/debug.ts"),
  },
] as const satisfies readonly CommandRow[];
