import type { DemoWords } from "../../tui/demo-pane.ts";
import type { Lang, Text } from "../text.ts";
import { translate } from "../text.ts";

/** What the main job says. */
export const demoText = {
  title: { en: "AIOS · {count} agents share one model core", zh: "AIOS · {count} 个智能体共享一个模型核心" },
  coreSimulated: {
    en: "{model} · simulated: no account, no cost · {slots} calls at once · {rate} requests/min",
    zh: "{model} · 模拟核心：无需账号，不产生费用 · 同时 {slots} 个调用 · 每分钟 {rate} 次请求",
  },
  coreReal: {
    en: "{model} · {slots} calls at once",
    zh: "{model} · 同时 {slots} 个调用",
  },
  agent: { en: "AGENT", zh: "智能体" },
  nice: { en: "NICE", zh: "NICE" },
  state: { en: "STATE", zh: "状态" },
  last: { en: "LAST DONE", zh: "最近完成" },
  calls: { en: "CALLS", zh: "调用" },
  tokens: { en: "TOKENS", zh: "TOKEN" },
  wait: { en: "WAIT", zh: "等待" },
  starting: { en: "starts", zh: "启动" },
  waiting: { en: "waits", zh: "排队" },
  thinking: { en: "thinks", zh: "思考" },
  working: { en: "works", zh: "工作" },
  done: { en: "done", zh: "完成" },
  held: { en: "held", zh: "挂起" },
  failed: { en: "failed", zh: "失败" },
  finished: { en: "{done} of {of}", zh: "{done}/{of}" },
  figures: {
    en: "{calls} calls · {toolCalls} tool calls · {tokens} tokens · {waiting} waiting now · {wasted} wasted 429s",
    zh: "{calls} 次调用 · {toolCalls} 次工具调用 · {tokens} token · 正在排队 {waiting} · 浪费的 429：{wasted}",
  },
  outOfTokens: {
    en: "its {limit} tokens are spent",
    zh: "{limit} token 已用完",
  },
} as const satisfies Record<string, Text>;

export function demoWords(lang: Lang, { core, count }: { core: string; count: number }): DemoWords {
  const word = (text: Text) => text[lang];
  return {
    core,
    title: translate(lang, demoText.title, { count }),
    heading: {
      agent: word(demoText.agent),
      nice: word(demoText.nice),
      state: word(demoText.state),
      last: word(demoText.last),
      calls: word(demoText.calls),
      tokens: word(demoText.tokens),
      wait: word(demoText.wait),
    },
    phase: {
      starting: word(demoText.starting),
      waiting: word(demoText.waiting),
      thinking: word(demoText.thinking),
      working: word(demoText.working),
      done: word(demoText.done),
      held: word(demoText.held),
      failed: word(demoText.failed),
    },
    finished: (done, of) => translate(lang, demoText.finished, { done, of }),
    figures: (figures) => translate(lang, demoText.figures, figures),
  };
}
