import type { ProcessWords } from "../../tui/process-table.ts";
import type { Lang, Text } from "../text.ts";
import { inLanguage, translate } from "../text.ts";

/** What the process commands say. */
export const processText = {
  none: {
    en: "no process is running; start one: aios run -- COMMAND",
    zh: "没有正在运行的进程；启动一个：aios run -- 命令",
  },
  noneAtAll: {
    en: "no process has run yet; start one: aios run -- COMMAND",
    zh: "还没有运行过进程；启动一个：aios run -- 命令",
  },
  noneSuch: { en: "no process is like this", zh: "没有符合条件的进程" },
  more: {
    en: "{shown} of {total}; the next ones: {command}",
    zh: "已显示 {shown} 个，共 {total} 个；下一页：{command}",
  },
  unknown: { en: 'no process "{name}"', zh: "没有进程“{name}”" },
  unknownHint: {
    en: '"aios ps -a" lists them, also those that have ended',
    zh: "“aios ps -a”列出所有进程，包括已结束的",
  },
  ambiguous: { en: '"{name}" could be any of {pids}', zh: "“{name}”可能是 {pids} 中的任意一个" },
  ambiguousHint: { en: "give the pid, or more of it", zh: "请给出进程号，或更长的前缀" },
  nothingToChange: {
    en: 'say what to change: "aios nice PID VALUE" or "aios nice PID --class interactive"',
    zh: "请说明要修改什么：“aios nice 进程 数值”或“aios nice 进程 --class interactive”",
  },
  reached: { en: "{signal}: {names}", zh: "{signal}：{names}" },
  noneReached: { en: "nothing to do: it has ended already", zh: "无需操作：进程已经结束" },
  isNow: { en: "{name} has nice {nice}, class {class}", zh: "{name} 的 nice 为 {nice}，类别为 {class}" },
  noLimits: {
    en: "{name} has no limits; set one: aios limits {pid} tokens=10000/day",
    zh: "{name} 没有限额；设置一个：aios limits {pid} tokens=10000/day",
  },
  limitHeading: { en: "LIMIT", zh: "限额" },
  usedHeading: { en: "USED", zh: "已用" },
  reservedHeading: { en: "RESERVED", zh: "已预留" },
  leftHeading: { en: "LEFT", zh: "剩余" },
  resetsHeading: { en: "RESETS", zh: "重置时间" },
  ended: { en: "{name} ended: {exit}", zh: "{name} 已结束：{exit}" },
  asking: { en: "asks", zh: "待批准" },
  waitsForApproval: {
    en: "{name} ({pid}) waits for an approval: aios approve show {id}",
    zh: "{name}（{pid}）等待批准：aios approve show {id}",
  },
  exitCode: { en: "exit {code}", zh: "退出 {code}" },
  tokens: { en: "{count} tokens", zh: "{count} token" },
  noSuchCalls: { en: "{name} has made no such syscall", zh: "{name} 没有符合条件的系统调用" },
  oneOrDiff: { en: "one process is traced at a time", zh: "一次只能跟踪一个进程" },
  oneOrDiffHint: { en: "compare two with: aios trace --diff A B", zh: "比较两个进程：aios trace --diff A B" },
  diffOfTwo: {
    en: "--diff compares two processes, and neither follows nor takes trees",
    zh: "--diff 比较两个进程，不能与 --follow 或 --tree 同用",
  },
  diffCut: { en: "only the first {count} calls of each were compared", zh: "只比较了各自的前 {count} 个调用" },
  diffSame: { en: "{left} and {right} made the same {same} calls", zh: "{left} 与 {right} 的 {same} 个调用相同" },
  diffParted: {
    en: "{left} and {right} part at {at}: {same} the same, {other} with another result, {less} only in the first, {more} only in the second",
    zh: "{left} 与 {right} 在 {at} 处分开：{same} 个相同，{other} 个结果不同，{less} 个仅前者有，{more} 个仅后者有",
  },
  noCalls: { en: "{name} has made no syscall yet", zh: "{name} 还没有系统调用" },
} as const satisfies Record<string, Text>;

const headings = {
  pid: { en: "PID", zh: "进程号" },
  name: { en: "NAME", zh: "名称" },
  kind: { en: "KIND", zh: "种类" },
  state: { en: "STATE", zh: "状态" },
  nice: { en: "NICE", zh: "NICE" },
  class: { en: "CLASS", zh: "类别" },
  model: { en: "MODEL", zh: "模型" },
  calls: { en: "CALLS q/r/d/f", zh: "调用 排/行/完/败" },
  tokens: { en: "TOKENS", zh: "TOKEN" },
  context: { en: "CONTEXT", zh: "上下文" },
  seen: { en: "SEEN", zh: "所见" },
  wait: { en: "WAIT", zh: "等待" },
  cost: { en: "COST", zh: "费用" },
  uptime: { en: "UPTIME", zh: "时长" },
} as const satisfies Record<keyof ProcessWords["heading"], Text>;

const states = {
  new: { en: "new", zh: "新建" },
  ready: { en: "ready", zh: "排队" },
  running: { en: "running", zh: "运行" },
  blocked: { en: "blocked", zh: "阻塞" },
  suspended: { en: "suspended", zh: "挂起" },
  zombie: { en: "ended", zh: "结束" },
} as const satisfies Record<keyof ProcessWords["state"], Text>;

const kinds = {
  agent: { en: "agent", zh: "智能体" },
  module: { en: "module", zh: "模块" },
  command: { en: "command", zh: "命令" },
  client: { en: "client", zh: "客户端" },
  kernel: { en: "kernel", zh: "内核" },
} as const satisfies Record<keyof ProcessWords["kind"], Text>;

const classes = {
  interactive: { en: "interactive", zh: "交互" },
  batch: { en: "batch", zh: "批量" },
} as const satisfies Record<keyof ProcessWords["class"], Text>;

export function processWords(lang: Lang): ProcessWords {
  return {
    heading: inLanguage(lang, headings),
    state: inLanguage(lang, states),
    kind: inLanguage(lang, kinds),
    class: inLanguage(lang, classes),
    asking: translate(lang, processText.asking),
    exit: (code, signal) => signal ?? translate(lang, processText.exitCode, { code: code ?? "?" }),
  };
}
