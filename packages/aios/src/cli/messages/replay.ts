import type { Text } from "../text.ts";

/** What `replay` says. */
export const replayText = {
  noPolicy: { en: "say which process, or which policy", zh: "请指定进程或策略" },
  noPolicyHint: {
    en: "aios replay PID, or aios replay --policy fifo",
    zh: "aios replay PID 或 aios replay --policy fifo",
  },
  noCalls: { en: "no model call is on record for this time", zh: "该时段没有记录到模型调用" },
  cut: { en: "only the first {count} calls were taken", zh: "只取了前 {count} 个调用" },
  working: {
    en: "simulating {calls} recorded model calls of {processes} processes under {present} and under {policy}",
    zh: "正在模拟 {processes} 个进程的 {calls} 个已记录模型调用：{present} 与 {policy}",
  },
  headline: {
    en: "A simulation: {calls} recorded model calls of {processes} processes, {from} – {to}, each as long as it took then.",
    zh: "模拟结果：{processes} 个进程的 {calls} 个已记录模型调用，{from} – {to}，每个调用的执行时长与当时相同。",
  },
  note: {
    en: "“recorded” is what was measured then; the columns beside it are simulated, with the slots and rates that the queues have now. Every process counts as a program of its own, and a pause between two of its calls stays as long as it was.",
    zh: "“记录”为当时的实测值；其余两列为模拟值，采用队列当前的执行位与速率。每个进程按独立程序计算，两次调用之间的停顿保持不变。",
  },
  guessed: {
    en: "{models}: nobody has asked since the kernel was started, or the core is gone; simulated with as many slots as were seen busy at once",
    zh: "{models}：内核启动后尚无请求，或核心已移除；按曾同时占用的执行位数模拟",
  },
  failed: {
    en: "{count} calls timed out in the simulation under {policy}",
    zh: "在 {policy} 的模拟中有 {count} 个调用超时",
  },
  milliseconds: { en: "PER CALL", zh: "每次调用" },
  recorded: { en: "RECORDED", zh: "记录" },
  now: { en: "{policy} (now)", zh: "{policy}（当前）" },
  change: { en: "CHANGE", zh: "变化" },
  waiting: { en: "waiting", zh: "等待" },
  turnaround: { en: "turnaround", zh: "周转" },
  mean: { en: "{what}, mean", zh: "{what}，平均" },
  p50: { en: "{what}, p50", zh: "{what}，p50" },
  p95: { en: "{what}, p95", zh: "{what}，p95" },
  process: { en: "PROCESS", zh: "进程" },
  calls: { en: "CALLS", zh: "调用" },
} as const satisfies Record<string, Text>;
