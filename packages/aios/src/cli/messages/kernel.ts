import type { Text } from "../text.ts";

/** What `up`, `down`, `restart` and `status` say. */
export const kernelText = {
  ready: { en: "AIOS {version} is ready at {url}", zh: "AIOS {version} 已就绪：{url}" },
  usage: {
    en: "any OpenAI client: OPENAI_BASE_URL={url}/v1 OPENAI_API_KEY=$(aios key new -q)",
    zh: "任意 OpenAI 客户端：OPENAI_BASE_URL={url}/v1 OPENAI_API_KEY=$(aios key new -q)",
  },
  usageAnthropic: {
    en: "any Anthropic client: ANTHROPIC_BASE_URL={url} ANTHROPIC_API_KEY=$(aios key new -q)",
    zh: "任意 Anthropic 客户端：ANTHROPIC_BASE_URL={url} ANTHROPIC_API_KEY=$(aios key new -q)",
  },
  usageRun: { en: "any program: aios run -- python my_agent.py", zh: "任意程序：aios run -- python my_agent.py" },
  usageTop: { en: "watch it: aios top · stop it: aios down", zh: "查看：aios top · 停止：aios down" },
  untilCtrlC: { en: "Ctrl-C stops it", zh: "按 Ctrl-C 停止" },
  noCores: {
    en: "no model core is configured: aios llm add, or aios up --core sim to try without one",
    zh: "尚未配置模型核心：aios llm add，或用 aios up --core sim 先行试用",
  },
  simulated: {
    en: "{cores}: simulated, no model answers there",
    zh: "{cores}：模拟核心，没有真实模型应答",
  },
  recorded: {
    en: "{cores}: recorded, no model answers there",
    zh: "{cores}：录制的应答，没有模型参与",
  },
  coreDown: { en: "down: {detail}", zh: "不可用：{detail}" },
  unknownCore: { en: 'no core "{name}"; there are {names}', zh: "没有核心“{name}”；可用：{names}" },
  unknownCoreHint: { en: '"aios llm add" configures one', zh: "“aios llm add”可添加核心" },
  endedEarly: { en: "the kernel ended before it was ready (exit {code})", zh: "内核在就绪前结束（退出码 {code}）" },
  endedEarlyHint: { en: "its last words stand in {log}", zh: "详情见 {log}" },
  standingBy: { en: "standing by: {message}; {hint}", zh: "待命中：{message}；{hint}" },
  standbyAlone: {
    en: "--standby goes neither with -d nor with --demo",
    zh: "--standby 不能与 -d 或 --demo 同用",
  },
  standbyAloneHint: {
    en: "a standby stays in the foreground until the home is free: leave it to whatever starts it",
    zh: "待命内核在前台等待主目录空闲：请由启动它的程序管理",
  },
  stopping: { en: "stopping …", zh: "正在停止……" },
  stopped: { en: "the kernel has stopped", zh: "内核已停止" },
  notUp: { en: "no kernel is up for {home}: nothing to stop", zh: "{home} 没有运行中的内核：无需停止" },
  stillThere: { en: "process {pid} has not ended after {seconds} s", zh: "进程 {pid} 在 {seconds} 秒后仍未结束" },
  stillThereHint: { en: "kill {pid} ends it at once; the journal is safe", zh: "kill {pid} 可立即结束；日志不会丢失" },
  at: { en: "AIOS {version} at {url}", zh: "AIOS {version}，{url}" },
  since: { en: "up {uptime} · policy {policy}", zh: "已运行 {uptime} · 策略 {policy}" },
  processes: { en: "processes", zh: "进程" },
  calls: { en: "calls", zh: "调用" },
  callCounts: {
    en: "{running} running · {queued} waiting · {done} done · {failed} failed",
    zh: "运行 {running} · 排队 {queued} · 完成 {done} · 失败 {failed}",
  },
  cores: { en: "cores", zh: "核心" },
  core: { en: "{name} ({kind}, models: {models})", zh: "{name}（{kind}，{models} 个模型）" },
  coreIsDown: { en: "{name} ({kind}: down)", zh: "{name}（{kind}：不可用）" },
  coreRecorded: { en: "{name} (replay: recorded, models: {models})", zh: "{name}（replay：录制，{models} 个模型）" },
  coreSimulated: { en: "{name} (sim: simulated, models: {models})", zh: "{name}（sim：模拟，{models} 个模型）" },
  none: { en: "none", zh: "无" },
  approvals: { en: "questions", zh: "待答" },
  journal: { en: "journal", zh: "日志" },
  readOnly: {
    en: "{driver}, READ-ONLY: the disk is full or cannot be written",
    zh: "{driver}，只读：磁盘已满或无法写入",
  },
} as const satisfies Record<string, Text>;
