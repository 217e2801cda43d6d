import type { ProfileWords } from "../../tui/profile-pane.ts";
import type { Lang, Text } from "../text.ts";
import { inLanguage } from "../text.ts";

/** What `profile` says. */
export const profileText = {
  headline: {
    en: "{name} ({pid}) · {wall} · {calls} calls · {tokens} tokens · {cost}",
    zh: "{name}（{pid}）· {wall} · {calls} 个调用 · {tokens} token · {cost}",
  },
} as const satisfies Record<string, Text>;

const shareTexts = {
  decode: { en: "decode", zh: "生成" },
  prefill: { en: "prefill", zh: "预填充" },
  answer: { en: "answer, not split", zh: "应答（未细分）" },
  tool: { en: "tools", zh: "工具" },
  suspended: { en: "suspended", zh: "挂起" },
  waiting: { en: "waiting", zh: "排队" },
  other: { en: "kernel, other syscalls", zh: "内核与其他系统调用" },
  own: { en: "its own program", zh: "程序自身" },
} as const satisfies Record<keyof ProfileWords["share"], Text>;

const headings = {
  what: { en: "MODEL, TOOL OR SYSCALL", zh: "模型、工具或系统调用" },
  site: { en: "PLACE IN THE PROGRAM", zh: "程序中的位置" },
  calls: { en: "CALLS", zh: "调用" },
  failed: { en: "FAILED", zh: "失败" },
  wait: { en: "WAIT", zh: "等待" },
  time: { en: "TIME", zh: "耗时" },
  input: { en: "INPUT", zh: "输入" },
  output: { en: "OUTPUT", zh: "输出" },
  cost: { en: "COST", zh: "费用" },
} as const satisfies Record<keyof ProfileWords["heading"], Text>;

export const profileWords = (lang: Lang): ProfileWords => ({
  share: inLanguage(lang, shareTexts),
  heading: inLanguage(lang, headings),
});
