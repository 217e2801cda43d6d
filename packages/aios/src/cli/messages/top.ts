import type { TopWords } from "../../tui/top-pane.ts";
import type { Lang, Text } from "../text.ts";
import { translate } from "../text.ts";
import { approveText } from "./approve.ts";
import { processWords } from "./process.ts";

/** What `top` says. */
const topText = {
  headline: {
    en: "AIOS {version} · policy {policy} · up {uptime}{processes}",
    zh: "AIOS {version} · 策略 {policy} · 已运行 {uptime}{processes}",
  },
  lane: { en: "QUEUE BEFORE", zh: "模型队列" },
  slots: { en: "SLOTS", zh: "执行位" },
  queued: { en: "WAITING", zh: "排队" },
  buckets: { en: "RATE", zh: "速率" },
  refused: { en: "429s", zh: "429" },
  done: { en: "DONE", zh: "完成" },
  state: { en: "STATE", zh: "状态" },
  open: { en: "open", zh: "正常" },
  cooling: { en: "cooling {time}", zh: "冷却 {time}" },
  reindexing: {
    en: "notes are embedded: {done} of {of}",
    zh: "正在为笔记生成向量：{done}/{of}",
  },
  hint: { en: "q quits", zh: "按 q 退出" },
  nobody: {
    en: "no process is running; start one in another terminal: aios run -- COMMAND",
    zh: "没有正在运行的进程；在另一个终端启动一个：aios run -- 命令",
  },
} as const satisfies Record<string, Text>;

export function topWords(lang: Lang): TopWords {
  const word = (text: Text) => text[lang];
  return {
    ...processWords(lang),
    lanes: {
      lane: word(topText.lane),
      slots: word(topText.slots),
      queued: word(topText.queued),
      buckets: word(topText.buckets),
      refused: word(topText.refused),
      done: word(topText.done),
      state: word(topText.state),
    },
    headline: (figures) => translate(lang, topText.headline, figures),
    cooling: (time) => translate(lang, topText.cooling, { time }),
    open: word(topText.open),
    questions: (count) => translate(lang, approveText.waiting, { count }),
    reindexing: (progress) => translate(lang, topText.reindexing, progress),
    hint: word(topText.hint),
    nobody: word(topText.nobody),
  };
}
