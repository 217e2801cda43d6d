import type { Text } from "../text.ts";

/** What `secret` says. */
export const secretText = {
  name: { en: "NAME", zh: "名称" },
  tenant: { en: "TENANT", zh: "租户" },
  hosts: { en: "FOR", zh: "可用于" },
  setAt: { en: "SET", zh: "设置时间" },
  none: {
    en: "no secret is kept: aios secret set NAME --host HOST",
    zh: "尚未保存机密：aios secret set NAME --host HOST",
  },
  whichValue: { en: "The value of {name} (it is not shown)", zh: "{name} 的值（不会显示）" },
  whichNewValue: {
    en: "The new value of {name} (it is not shown; nothing keeps the old one)",
    zh: "{name} 的新值（不会显示；留空则保留原值）",
  },
  noValue: { en: "the value of {name} is missing", zh: "缺少 {name} 的值" },
  noValueHint: {
    en: "pipe it in, so that it stands in no history: … | aios secret set {name} --host HOST",
    zh: "通过管道传入以免留在历史记录中：… | aios secret set {name} --host HOST",
  },
  noHost: { en: "the hosts that {name} is for are missing", zh: "未指定 {name} 可用于哪些主机" },
  noHostHint: {
    en: "aios secret set {name} --host api.example.com; it is sent nowhere else",
    zh: "aios secret set {name} --host api.example.com；不会发送到其他主机",
  },
  kept: {
    en: "secret://{name} is kept, for {hosts}",
    zh: "已保存 secret://{name}，可用于 {hosts}",
  },
  plainHttp: {
    en: "over plain HTTP anybody on the way can read it: {hosts}",
    zh: "经明文 HTTP 发送时，途中任何人都能读取：{hosts}",
  },
  grant: {
    en: "agents that may use it: name it in secrets of the agent, in policy.yaml",
    zh: "允许智能体使用：在 policy.yaml 中把它写入该智能体的 secrets",
  },
  notKept: { en: "no secret {name} is kept for {tenant}", zh: "租户 {tenant} 没有名为 {name} 的机密" },
  notKeptHint: { en: "aios secret ls", zh: "aios secret ls" },
  removed: { en: "secret://{name} is forgotten", zh: "已删除 secret://{name}" },
  nothingKept: { en: "nothing was kept", zh: "未保存" },
} as const satisfies Record<string, Text>;
