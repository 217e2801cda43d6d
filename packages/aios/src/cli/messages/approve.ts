import type { Text } from "../text.ts";

/** What `approve` says. */
export const approveText = {
  none: { en: "no question waits for an answer", zh: "没有等待回答的问题" },
  waiting: {
    en: "{count} waiting for an answer: aios approve ls",
    zh: "{count} 个问题等待回答：aios approve ls",
  },
  id: { en: "ID", zh: "编号" },
  pid: { en: "PID", zh: "进程号" },
  asked: { en: "ASKED", zh: "已等待" },
  question: { en: "QUESTION", zh: "问题" },
  ambiguous: {
    en: "under way when the kernel or its program was ended",
    zh: "内核或程序终止时该调用正在进行",
  },
  process: { en: "process", zh: "进程" },
  call: { en: "call", zh: "调用" },
  since: { en: "asked", zh: "提问于" },
  arguments: { en: "with", zh: "参数" },
  why: { en: "why", zh: "原因" },
  yes: { en: "make it again", zh: "重新执行" },
  result: { en: "it happened, and this is what came", zh: "已经发生，结果如下" },
  no: { en: "its program is told EAMBIGUOUS", zh: "程序收到 EAMBIGUOUS" },
  ago: { en: "{time} ago", zh: "{time} 前" },
  approved: { en: "{id}: made again", zh: "{id}：重新执行" },
  answered: { en: "{id}: its program gets that result", zh: "{id}：程序得到该结果" },
  denied: { en: "{id}: not made again", zh: "{id}：不再执行" },
  oneResult: { en: "--result is of one question", zh: "--result 只能用于一个问题" },
  noJson: { en: "--result is no JSON: {detail}", zh: "--result 不是 JSON：{detail}" },
  noJsonHint: { en: "quote it for the shell: {example}", zh: "请为 shell 加引号：{example}" },
} as const satisfies Record<string, Text>;
