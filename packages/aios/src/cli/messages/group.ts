import type { Text } from "../text.ts";

/** What `group` says. */
export const groupText = {
  none: { en: "no groups: aios group new NAME makes one", zh: "没有组：aios group new 组名 可创建" },
  made: { en: "{group} is there; aios group add {group} MEMBER", zh: "已有组 {group}；aios group add {group} 成员" },
  was: { en: "{group} was there already", zh: "组 {group} 已存在" },
  added: { en: "{member} is in {group}", zh: "{member} 已在组 {group} 中" },
  dropped: { en: "{member} is no longer in {group}", zh: "{member} 已不在组 {group} 中" },
  notIn: { en: "{member} is not in {group}", zh: "{member} 不在组 {group} 中" },
  lists: { en: '"aios group ls" lists who is', zh: "“aios group ls”列出成员" },
  shares: { en: "{member} shares its notes in {group}", zh: "{member} 已在组 {group} 中共享笔记" },
  stopped: { en: "{member} shares nothing in {group}", zh: "{member} 未在组 {group} 中共享笔记" },
  itself: { en: "this process", zh: "本进程" },
  unknown: { en: "there is no group {group}", zh: "没有组 {group}" },
  deleted: {
    en: "{group} is deleted; erase its notes: aios mem forget --namespace group:{group}",
    zh: "已删除组 {group}；抹除其笔记：aios mem forget --namespace group:{group}",
  },
  group: { en: "GROUP", zh: "组" },
  member: { en: "MEMBER", zh: "成员" },
  notes: { en: "GROUP'S NOTES", zh: "组内笔记" },
  own: { en: "OWN NOTES", zh: "自己的笔记" },
  expires: { en: "EXPIRES", zh: "到期" },
  reads: { en: "reads", zh: "可读" },
  writes: { en: "reads, writes", zh: "可读写" },
  shared: { en: "shared", zh: "共享" },
  nobody: { en: "nobody yet", zh: "暂无成员" },
} as const satisfies Record<string, Text>;
