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
  noOllama: { en: "no Ollama with a model answers", zh: "没有可用的 Ollama 模型应答" },
  noOllamaHint: {
    en: "start one: ollama serve, then ollama pull qwen2.5:3b; OLLAMA_HOST says where it listens",
    zh: "启动：ollama serve，然后 ollama pull qwen2.5:3b；OLLAMA_HOST 指明其地址",
  },
  unknownCore: { en: 'no core "{name}"; there are {names}', zh: "没有核心“{name}”；可用：{names}" },
  noKey: { en: "{key} is not set: {name} cannot be asked without it", zh: "未设置 {key}：无法使用 {name}" },
  noKeyHint: { en: "{key}=… npm start -- --core {name}", zh: "{key}=… npm start -- --core {name}" },
  willSpend: {
    en: "{name} is used with your {key}: this costs at most ${usd}, by hard limits of every agent (budget ${budget})",
    zh: "将使用您的 {key} 调用 {name}：每个智能体均有硬性限额，最多花费 {usd} 美元（预算 {budget} 美元）",
  },
  begins: { en: "{count} agents begin: {names}", zh: "{count} 个智能体开始：{names}" },
  tokensSpent: { en: "its {limit} tokens are spent", zh: "{limit} token 已用完" },
  limitSpent: { en: "its limit is spent: {resource}={limit}", zh: "限额已用完：{resource}={limit}" },
  allDone: { en: "AIOS · all {count} agents finished", zh: "AIOS · {count} 个智能体全部完成" },
  someDone: { en: "AIOS · {done} of {count} agents finished", zh: "AIOS · {count} 个智能体中 {done} 个完成" },
  someHeld: { en: "{count} held at its limit, as it should be", zh: "{count} 个按预期在限额处挂起" },
  someFailed: { en: "{count} failed", zh: "{count} 个失败" },
  factWork: { en: "work", zh: "工作" },
  factWorkText: {
    en: "{calls} model calls · {toolCalls} tool calls · {tokens} tokens · cost: {cost}",
    zh: "{calls} 次模型调用 · {toolCalls} 次工具调用 · {tokens} token · 费用：{cost}",
  },
  factWaiting: { en: "waiting", zh: "等待" },
  factWaitingText: {
    en: "median {p50} · p95 {p95} · {name} (interactive) {interactive} · {wasted} wasted 429s",
    zh: "中位数 {p50} · p95 {p95} · {name}（交互）{interactive} · 浪费的 429：{wasted}",
  },
  costSimulated: { en: "none, simulated", zh: "无（模拟）" },
  costNone: { en: "none, a local model", zh: "无（本地模型）" },
  costReal: { en: "${usd} of at most ${bound}", zh: "{usd} 美元（上限 {bound} 美元）" },
  factKept: { en: "kept", zh: "留下" },
  factKeptText: {
    en: "{notes} notes, {recalled} recalled · {files} files, {versions} versions, in {folder}",
    zh: "{notes} 条笔记（回忆 {recalled} 次）· {files} 个文件、{versions} 个版本，位于 {folder}",
  },
  sought: { en: "how large is the field", zh: "田地有多大" },
  factFound: { en: "found", zh: "找到" },
  factFoundText: {
    en: "“{sought}”: {name}, version {version}, by {by}: {said}",
    zh: "“{sought}”：{name}，版本 {version}，作者“{by}”：{said}",
  },
  nextHere: {
    en: "The kernel is up at {url} until Ctrl-C. In another terminal:",
    zh: "内核运行于 {url}，按 Ctrl-C 结束。在另一个终端试试：",
  },
  nextAgain: {
    en: "The kernel was at {url} and has stopped. Try next:",
    zh: "内核曾运行于 {url}，已停止。接下来试试：",
  },
  whyTop: { en: "watch the processes", zh: "查看进程" },
  whyUp: { en: "start a kernel of your own", zh: "启动自己的内核" },
  remembered: { en: "a tip", zh: "小费" },
  whySearch: { en: "their notes (also: mem graph)", zh: "查找笔记（另见 mem graph）" },
  whyHistory: { en: "who wrote a file (also: fs diff)", zh: "文件由谁写成（另见 fs diff）" },
  whyRun: { en: "any program becomes a process", zh: "任意程序成为一个进程" },
  whyExec: { en: "ask an agent something", zh: "向智能体提问" },
  whyLimits: { en: "let {name} go on", zh: "让“{name}”继续" },
  keyFound: {
    en: "{key} is set and was not used. {command} uses it: at most ${usd}.",
    zh: "已设置 {key}，但未使用。{command} 会使用它：最多 {usd} 美元。",
  },
  movedHome: {
    en: "Your own home is left alone; this ran in {home}",
    zh: "未触碰您自己的主目录；本次运行于 {home}",
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
