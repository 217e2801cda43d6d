import type { ArgumentSpec, CommandModule, CommandRow } from "../registry.ts";
import { model, quality } from "./run.ts";

const timer = {
  name: "timer",
  summary: { en: "a timer's id, or its name", zh: "定时器的编号或名称" },
} as const satisfies ArgumentSpec;

export const cronRows = [
  {
    path: "cron add",
    group: "run",
    effect: "write",
    summary: { en: "start an agent again and again, at its times", zh: "按时间表反复启动智能体" },
    details: {
      en: "SCHEDULE: minute, hour, day of the month, month, day of the week, as in crontab; @hourly, @daily, @weekly, @monthly, @yearly; @every 90s (s, m, h, d). A time that comes while no kernel runs is made up for once, at the next start. A time that does not come (clocks go forward) is as much later; one that comes twice counts once. Timers stop when the key that made them is revoked.",
      zh: "时间表：分、时、日、月、星期，写法同 crontab；或 @hourly、@daily、@weekly、@monthly、@yearly；或 @every 90s（s、m、h、d）。内核未运行时错过的时间，会在下次启动时补做一次。时钟拨快而跳过的时间相应推后；重复出现的时间只算一次。创建定时器的密钥被撤销后，定时器即停止。",
    },
    examples: [
      'aios cron add "30 7 * * mon-fri" researcher "what is new in our folder?"',
      'aios cron add "@every 15m" ./watcher.ts --overlap queue --limit tokens=50k/day',
    ],
    args: [
      { name: "schedule", summary: { en: 'quoted: "30 7 * * mon-fri"', zh: '加引号："30 7 * * mon-fri"' } },
      {
        name: "agent",
        summary: { en: "an agent's name or folder, or a module's file", zh: "智能体的名称或文件夹，或模块文件" },
      },
      { name: "task", isOptional: true, isVariadic: true, summary: { en: "what it shall do", zh: "要它做的事" } },
    ],
    options: [
      {
        name: "timeZone",
        kind: "text",
        value: "ZONE",
        summary: {
          en: "whose clocks it goes by, as Europe/Berlin; default: the kernel's",
          zh: "所用时区，例如 Asia/Shanghai；默认：内核所在时区",
        },
      },
      {
        name: "overlap",
        kind: "text",
        choices: ["skip", "queue"],
        default: "skip",
        summary: {
          en: "while the last one still runs: leave this time out, or wait for its end",
          zh: "上一次仍在运行时：跳过本次，或等待其结束",
        },
      },
      ...quality,
      model,
    ],
    load: (): Promise<CommandModule> => import("../commands/cron-add.ts"),
  },
  {
    path: "cron ls",
    group: "run",
    effect: "read",
    summary: { en: "list the timers, the next one first", zh: "列出定时器，最近的在前" },
    aliases: ["cron"],
    load: (): Promise<CommandModule> => import("../commands/cron-ls.ts"),
  },
  {
    path: "cron rm",
    group: "run",
    effect: "danger",
    summary: { en: "remove timers; what they have started runs on", zh: "删除定时器；已启动的进程继续运行" },
    args: [{ ...timer, name: "timers", isVariadic: true }],
    load: (): Promise<CommandModule> => import("../commands/cron-rm.ts"),
  },
  {
    path: "cron run",
    group: "run",
    effect: "write",
    summary: { en: "start a timer's program now, and print its pid", zh: "立即启动定时器的程序，并输出进程号" },
    args: [timer],
    load: (): Promise<CommandModule> => import("../commands/cron-run.ts"),
  },
] as const satisfies readonly CommandRow[];
