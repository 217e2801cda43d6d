import type { Text } from "../text.ts";

/** What `sim serve` and `bench` say. */
export const labsText = {
  serving: {
    en: "a simulated model answers at {url} until Ctrl-C; no real one is asked",
    zh: "模拟模型正在 {url} 应答，按 Ctrl-C 结束；不会请求真实模型",
  },
  try: {
    en: "OPENAI_BASE_URL={url} OPENAI_API_KEY=none your-program",
    zh: "OPENAI_BASE_URL={url} OPENAI_API_KEY=none 您的程序",
  },
  served: {
    en: "{calls} requests: {done} answered, {refused} refused with 429, {failed} failed",
    zh: "{calls} 次请求：{done} 次应答，{refused} 次以 429 拒绝，{failed} 次失败",
  },
  figure: { en: "FIGURE", zh: "指标" },
  value: { en: "VALUE", zh: "数值" },
  target: { en: "TARGET", zh: "目标" },
  peer: { en: "COMPARED WITH", zh: "对照" },
  about: {
    en: "{cpu}, {cores} cores, Node {node} · seed {seed} · {seconds} s",
    zh: "{cpu}，{cores} 核，Node {node} · 种子 {seed} · {seconds} 秒",
  },
  portInUse: { en: "port {port} is in use", zh: "端口 {port} 已被占用" },
  portHint: { en: "--port 0 picks a free one", zh: "--port 0 可自动选择空闲端口" },
} as const satisfies Record<string, Text>;
