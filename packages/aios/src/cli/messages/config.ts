import type { Text } from "../text.ts";

/** What `config` says. */
export const configText = {
  key: { en: "KEY", zh: "设置" },
  value: { en: "VALUE", zh: "值" },
  from: { en: "FROM", zh: "来源" },
  layerFlag: { en: "command line", zh: "命令行" },
  layerEnv: { en: "environment", zh: "环境变量" },
  layerHome: { en: "config.yaml", zh: "config.yaml" },
  layerDefault: { en: "default", zh: "默认值" },
  type: { en: "type", zh: "类型" },
  variable: { en: "variable", zh: "变量" },
  project: { en: "This folder ({path})", zh: "当前文件夹（{path}）" },
  wins: { en: "wins", zh: "生效" },
  notSet: { en: "not set", zh: "未设置" },
  noneHere: { en: "(none: it is set in config.yaml only)", zh: "（无：只能在 config.yaml 中设置）" },
  set: { en: "{key} is {after} now ({file})", zh: "{key} 现为 {after}（{file}）" },
  unset: { en: "{key} has its default again ({file})", zh: "{key} 已恢复默认值（{file}）" },
  overruled: { en: "but {where} says otherwise, and wins", zh: "但 {where} 另有设置，且优先生效" },
  refreshIt: {
    en: "a kernel is running: `aios refresh` makes it read this",
    zh: "内核正在运行：执行 aios refresh 后生效",
  },
  restartIt: {
    en: "a kernel is running: `aios restart` makes it read this",
    zh: "内核正在运行：执行 aios restart 后生效",
  },
  noValue: { en: "a value is missing", zh: "缺少值" },
  noValueHint: { en: "aios config set {key} VALUE, or --unset", zh: "aios config set {key} 值，或使用 --unset" },
  importedFrom: { en: "{path}: a configuration of {system}", zh: "{path}：{system} 的配置" },
  mapped: { en: "Taken over", zh: "已转换" },
  unmapped: { en: "Has no counterpart", zh: "没有对应项" },
  variables: {
    en: "No key is copied: references stand in their place. Set these variables",
    zh: "密钥不会被复制，而是改为引用。请设置以下变量",
  },
  isSet: { en: "(is set)", zh: "（已设置）" },
  wrote: { en: "wrote {file}", zh: "已写入 {file}" },
  backup: { en: "what was there is kept as {file}", zh: "原文件保留为 {file}" },
  exists: { en: "{file} is there already", zh: "{file} 已存在" },
  existsHint: {
    en: "--dry-run shows the translation; --force replaces the file",
    zh: "--dry-run 查看转换结果；--force 替换该文件",
  },
  storageFrom: { en: "{path}: what {system} has stored", zh: "{path}：{system} 的存储数据" },
  storageRows: {
    en: "{imported} taken over, {present} there already",
    zh: "导入 {imported} 条，已存在 {present} 条",
  },
  storageDryRows: {
    en: "{imported} to take over, {present} there already",
    zh: "将导入 {imported} 条，已存在 {present} 条",
  },
  storageMore: { en: "and {count} more; --json names them all", zh: "另有 {count} 项；--json 可列出全部" },
} as const satisfies Record<string, Text>;
