import type { Text } from "../text.ts";

/** What `topic` says. */
export const topicText = {
  published: { en: "event {seq}", zh: "事件 {seq}" },
  none: {
    en: "no subscriptions: aios topic read NAME --pattern PATTERN makes one",
    zh: "没有订阅：aios topic read NAME --pattern PATTERN 可创建",
  },
  nothing: { en: "nothing new for {name}", zh: "{name} 没有新事件" },
  name: { en: "NAME", zh: "名称" },
  pattern: { en: "PATTERN", zh: "模式" },
  position: { en: "POSITION", zh: "位置" },
  lag: { en: "LAG", zh: "积压" },
  reader: { en: "READER", zh: "读取者" },
  wrongPlace: { en: '"{from}" is no place in the event log', zh: "“{from}”不是事件日志中的位置" },
  wrongPlaceHint: { en: "write now, start, or the number of an event", zh: "请写 now、start 或事件序号" },
} as const satisfies Record<string, Text>;
