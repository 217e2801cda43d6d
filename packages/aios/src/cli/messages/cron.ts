import type { Text } from "../text.ts";

/** What `cron` says. */
export const cronText = {
  none: {
    en: 'no timers: aios cron add "30 7 * * *" AGENT TASK makes one',
    zh: '没有定时器：aios cron add "30 7 * * *" 智能体 任务 可创建',
  },
  added: { en: "{name} comes at {when}, in {time}", zh: "{name} 将于 {when} 启动，还有 {time}" },
  removed: { en: "{name} comes no more", zh: "{name} 不再启动" },
  started: { en: "{name} runs as {pid}", zh: "{name} 已启动：{pid}" },
  noTask: { en: "no task: what shall {agent} do?", zh: "缺少任务：要 {agent} 做什么？" },
  unknown: { en: 'no timer "{timer}"', zh: "没有定时器“{timer}”" },
  unknownHint: { en: '"aios cron ls" lists them', zh: "“aios cron ls”列出全部" },
  ambiguous: { en: '"{timer}" could be any of {ids}', zh: "“{timer}”可能是 {ids} 中的任意一个" },
  id: { en: "ID", zh: "编号" },
  name: { en: "NAME", zh: "名称" },
  schedule: { en: "SCHEDULE", zh: "时间表" },
  next: { en: "NEXT", zh: "下次" },
  due: { en: "IN", zh: "还有" },
  zone: { en: "TIME ZONE", zh: "时区" },
  last: { en: "LAST", zh: "上次" },
  runs: { en: "{pid} runs", zh: "{pid} 运行中" },
} as const satisfies Record<string, Text>;
