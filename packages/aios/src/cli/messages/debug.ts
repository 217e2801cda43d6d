import type { Text } from "../text.ts";

/** What `debug` says. */
export const debugText = {
  attached: {
    en: "holding {patterns} of {name} ({pid}); Ctrl-C lets everything go on",
    zh: "正在暂停 {name}（{pid}）的调用：{patterns}；按 Ctrl-C 全部放行",
  },
  every: { en: "every call", zh: "所有调用" },
  ended: { en: "{name} has ended", zh: "{name} 已结束" },
  noCall: { en: "{name} ended without such a call", zh: "{name} 已结束，没有出现这样的调用" },
  ask: {
    en: "[c]ontinue  [s]tep  [e]dit  [a]nswer  [q]uit > ",
    zh: "[c] 继续  [s] 单步  [e] 修改  [a] 作答  [q] 退出 > ",
  },
  more: { en: "… {count} more lines: [e]dit shows them", zh: "…… 还有 {count} 行：[e] 可查看" },
  noJson: { en: "that is no JSON: {detail}", zh: "不是 JSON：{detail}" },
  noEditor: { en: "{editor} did not end well: nothing was changed", zh: "{editor} 未正常结束：没有修改" },
  unchanged: { en: "nothing was changed", zh: "没有修改" },
  onlyOnce: {
    en: "--edit, --answer and --fail are for one call: give one of them, with --once",
    zh: "--edit、--answer 与 --fail 只用于一个调用：只能给出其一，并与 --once 同用",
  },
  wrongCode: { en: 'no errno "{code}"; there are {codes}', zh: "没有错误码“{code}”；可用：{codes}" },
} as const satisfies Record<string, Text>;
