import type { Text } from "../text.ts";

/** What `attach` says. */
export const attachText = {
  attached: {
    en: "attached to {name} ({pid}); Ctrl-C detaches and leaves it running",
    zh: "已附加到 {name}（{pid}）；按 Ctrl-C 脱离，进程继续运行",
  },
  attachedTyping: {
    en: "attached to {name} ({pid}); lines that you type go to its inbox; Ctrl-C detaches and leaves it running",
    zh: "已附加到 {name}（{pid}）；输入的每一行会送入其收件箱；按 Ctrl-C 脱离，进程继续运行",
  },
  detached: {
    en: "detached; {name} goes on: aios attach {pid}",
    zh: "已脱离，{name} 继续运行；重新附加：aios attach {pid}",
  },
  suspended: { en: "‖ {name} is suspended: {reason}", zh: "‖ {name} 已挂起：{reason}" },
  resumed: { en: "▶ {name} goes on: {reason}", zh: "▶ {name} 已恢复：{reason}" },
  interrupted: { en: "{name} was interrupted: its calls are cancelled", zh: "{name} 被中断：其调用已取消" },
  unsent: { en: "not sent: {reason}", zh: "未送达：{reason}" },
} as const satisfies Record<string, Text>;
