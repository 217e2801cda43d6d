import type { Text } from "../text.ts";

/** What `llm test` says of a model that was asked. */
export const trialText = {
  setUp: {
    en: "{core}: package, key and options are there; it lists no models, so nothing was asked",
    zh: "{core}：包、密钥与选项均已就绪；它不提供模型列表，因此未发出请求",
  },
  answered: { en: "{model} answered in {ms} ms: {text}", zh: "{model} 在 {ms} 毫秒内应答：{text}" },
  thought: {
    en: "{model} answered in {ms} ms, with thoughts alone: 16 tokens did not reach for text",
    zh: "{model} 在 {ms} 毫秒内应答，但只有思考内容：16 个 token 不足以输出文本",
  },
  embedded: {
    en: "{model} gave a vector of {dimensions} dimensions in {ms} ms",
    zh: "{model} 在 {ms} 毫秒内返回 {dimensions} 维向量",
  },
  first: { en: "first piece after {ms} ms", zh: "首段 {ms} 毫秒" },
  tokens: { en: "{input} tokens in, {output} out", zh: "输入 {input}、输出 {output} 个 token" },
  streams: { en: "streams", zh: "支持流式输出" },
  whole: { en: "answers in one piece", zh: "一次性输出" },
  simulated: { en: "simulated", zh: "模拟" },
  recorded: { en: "recorded", zh: "录制" },
  tools: { en: "calls tools", zh: "工具调用" },
  schema: { en: "obeys a JSON schema", zh: "遵循 JSON Schema" },
  yes: { en: "yes", zh: "是" },
  no: { en: "no: {why}", zh: "否：{why}" },
  failed: { en: "{model} does not answer: {detail}", zh: "{model} 未能应答：{detail}" },
  noKernel: {
    en: "no kernel is running, so the models are not asked; aios up, then again",
    zh: "内核未运行，因此未向模型提问；请先执行 aios up 再试",
  },
  noModel: { en: "core {core} lists no model", zh: "核心 {core} 没有列出模型" },
  noModelHint: {
    en: "name one: aios llm test {core}/MODEL, or set llms.cores[].models",
    zh: "请指定：aios llm test {core}/模型，或设置 llms.cores[].models",
  },
} as const satisfies Record<string, Text>;
