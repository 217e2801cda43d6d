import type { ArgumentSpec, CommandModule, CommandRow, OptionSpec } from "../registry.ts";

const pattern = {
  name: "pattern",
  summary: {
    en: "a topic; * stands for one segment, ** at the end for any rest",
    zh: "主题；* 代表一段，末尾的 ** 代表任意剩余部分",
  },
} as const satisfies ArgumentSpec;
const from = {
  name: "from",
  kind: "text",
  value: "PLACE",
  summary: {
    en: "now, start, or the number of an event: those after it",
    zh: "now、start，或某个事件的序号（从其之后开始）",
  },
} as const satisfies OptionSpec;

export const topicRows = [
  {
    path: "topic publish",
    group: "run",
    effect: "write",
    summary: { en: "publish an event to a topic", zh: "向主题发布事件" },
    details: {
      en: "It is in the event log when the command returns: processes that subscribe to the topic read it, now or later.",
      zh: "命令返回时事件已写入事件日志：订阅该主题的进程现在或以后都能读到。",
    },
    examples: ["aios topic publish orders.new '{\"id\": 7}'", "aios topic publish builds.done - < report.json"],
    args: [
      { name: "topic", summary: { en: "segments with dots between: orders.new", zh: "以点分段：orders.new" } },
      {
        name: "body",
        summary: { en: "JSON, or any text; - reads it from stdin", zh: "JSON 或任意文本；- 表示从标准输入读取" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/topic-publish.ts"),
  },
  {
    path: "topic ls",
    group: "run",
    effect: "read",
    summary: { en: "list the subscriptions, and how far behind they are", zh: "列出订阅及其积压" },
    details: {
      en: "LAG counts events that wait to be acknowledged, up to 1000: they are kept for the subscription. aios call topic.unsubscribe removes one.",
      zh: "“积压”为尚未确认的事件数，最多计到 1000：它们会为该订阅保留。使用 aios call topic.unsubscribe 可移除订阅。",
    },
    load: (): Promise<CommandModule> => import("../commands/topic-ls.ts"),
  },
  {
    path: "topic read",
    group: "run",
    effect: "write",
    summary: { en: "read the next events of a subscription, and acknowledge them", zh: "读取订阅的后续事件并确认" },
    details: {
      en: "With --pattern the subscription is made if it is not there; from the start of the log unless --from says otherwise. It returns at once when there is nothing.",
      zh: "给出 --pattern 时，若订阅不存在则创建；除非 --from 另有指定，否则从日志开头开始。没有事件时立即返回。",
    },
    examples: ["aios topic read billing --pattern 'orders.**'", "aios topic read billing --keep --jsonl"],
    args: [{ name: "name", summary: { en: "the subscription", zh: "订阅名称" } }],
    options: [
      { ...pattern, kind: "text", value: "PATTERN" },
      from,
      {
        name: "limit",
        kind: "integer",
        default: 100,
        min: 1,
        max: 1_000,
        summary: { en: "at most so many", zh: "最多读取的数量" },
      },
      {
        name: "keep",
        kind: "flag",
        summary: { en: "do not acknowledge them: they come again", zh: "不确认：之后会再次收到" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/topic-read.ts"),
  },
  {
    path: "topic tail",
    group: "run",
    effect: "read",
    summary: { en: "watch topics, without a subscription", zh: "无需订阅，直接查看主题" },
    details: { en: "Goes on until Ctrl-C.", zh: "持续输出，直到 Ctrl-C。" },
    examples: ["aios topic tail 'orders.**'", "aios topic tail '**' --from start --jsonl"],
    args: [pattern],
    options: [from],
    load: (): Promise<CommandModule> => import("../commands/topic-tail.ts"),
  },
] as const satisfies readonly CommandRow[];
