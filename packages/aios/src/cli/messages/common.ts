import type { Text } from "../text.ts";

/** What the frame around the commands says. */
export const commonText = {
  usage: { en: "Usage", zh: "用法" },
  arguments: { en: "Arguments", zh: "参数" },
  options: { en: "Options", zh: "选项" },
  everywhere: { en: "Options of every command", zh: "通用选项" },
  examples: { en: "Examples", zh: "示例" },
  alsoCalled: { en: "Also called", zh: "别名" },
  commands: { en: "Commands", zh: "命令" },
  oneOf: { en: "one of {choices}", zh: "可选值：{choices}" },
  defaultIs: { en: "default {value}", zh: "默认 {value}" },
  mayRepeat: { en: "may come several times", zh: "可重复" },
  title: {
    en: "AIOS {version}: an operating system for AI agents. Point any agent at it; it becomes a process.",
    zh: "AIOS {version}：面向 AI 智能体的操作系统。把任何智能体指向它，它就成为一个进程。",
  },
  moreHelp: {
    en: "`aios help COMMAND` tells more about one; `npm start` or `aios demo` shows it at work.",
    zh: "`aios help 命令` 查看详情；`npm start` 或 `aios demo` 观看实际运行。",
  },
  version: { en: "print the version", zh: "输出版本" },
  help: { en: "print this help", zh: "输出本帮助" },

  unknownCommand: { en: 'no command "{name}"', zh: "没有命令“{name}”" },
  unknownOption: { en: '"{command}" has no option {name}', zh: "“{command}”没有选项 {name}" },
  missingArgument: { en: '"aios {path}" needs {name}', zh: "“aios {path}”缺少参数 {name}" },
  missingValue: { en: '"{name}" needs a value', zh: "“{name}”缺少值" },
  tooMany: { en: '"aios {path}" takes no further argument', zh: "“aios {path}”的参数过多" },
  wrongInteger: { en: '{name} is a whole number, not "{value}"', zh: "{name} 应为整数，而不是“{value}”" },
  wrongNumber: { en: '{name} is a number, not "{value}"', zh: "{name} 应为数字，而不是“{value}”" },
  wrongRange: { en: "{name} is {value}, but must be {range}", zh: "{name} 的值 {value} 超出范围：{range}" },
  atLeast: { en: "at least {min}", zh: "至少 {min}" },
  atMost: { en: "at most {max}", zh: "至多 {max}" },
  between: { en: "from {min} to {max}", zh: "{min} 到 {max}" },
  wrongChoice: { en: '{name} is one of {choices}, not "{value}"', zh: "{name} 应为 {choices} 之一，而不是“{value}”" },
  didYouMean: { en: 'did you mean "{name}"?', zh: "是否想输入“{name}”？" },
  seeHelp: { en: '"aios help {path}" lists what it takes', zh: "“aios help {path}”列出用法" },
  seeAllHelp: { en: '"aios help" lists all commands', zh: "“aios help”列出所有命令" },

  noKernel: { en: "no kernel is running for {home}", zh: "{home} 没有正在运行的内核" },
  startOne: { en: "start one: aios up -d", zh: "启动内核：aios up -d" },
  kernelSilent: { en: "the kernel at {url} does not answer", zh: "{url} 的内核没有响应" },
  restartIt: {
    en: '"aios doctor" tells why; start it again: aios up -d',
    zh: "“aios doctor”可查明原因；重新启动：aios up -d",
  },
  notNamedOne: {
    en: "AIOS_URL names it; without AIOS_URL the kernel of {home} is used",
    zh: "该地址来自 AIOS_URL；取消设置后使用 {home} 的内核",
  },
  noKey: { en: "{file} holds no key of the kernel", zh: "{file} 中没有内核密钥" },
  noKeyHint: {
    en: "the kernel writes it when it starts; set AIOS_KEY to use another one",
    zh: "内核启动时会写入密钥；也可以设置 AIOS_KEY 使用其他密钥",
  },
  cancelled: { en: "cancelled", zh: "已取消" },
  internal: { en: "internal error: {detail}", zh: "内部错误：{detail}" },
  internalHint: {
    en: "this is a fault of AIOS; AIOS_DEBUG=1 shows where",
    zh: "这是 AIOS 的缺陷；设置 AIOS_DEBUG=1 可查看位置",
  },
  notUnderProcess: {
    en: '"aios {path}" is refused inside a process (AIOS_PID is set)',
    zh: "“aios {path}”不能在进程内执行（已设置 AIOS_PID）",
  },
  notUnderProcessHint: {
    en: "keys, approvals and policy belong to people: run it from your own shell",
    zh: "密钥、批准和策略只由人管理：请在自己的终端中执行",
  },
  noSchema: { en: 'no schema "{name}"', zh: "没有 schema“{name}”" },
  noSchemaHint: {
    en: "there are commands, config, syscalls, and every syscall by its name",
    zh: "可用：commands、config、syscalls，以及各系统调用的名称",
  },
  wrongInstant: { en: '"{value}" is no time', zh: "“{value}”不是有效的时间" },
  wrongInstantHint: {
    en: "write 15m, 24h, 7d, or a day as 2026-11-01",
    zh: "写法：15m、24h、7d，或日期如 2026-11-01",
  },
  noTerminal: {
    en: '"aios {path}" asks questions, and there is no terminal to ask on',
    zh: "“aios {path}”需要交互式终端",
  },
} as const satisfies Record<string, Text>;

export const groupTitles = {
  kernel: { en: "Kernel", zh: "内核" },
  process: { en: "Processes", zh: "进程" },
  run: { en: "Run", zh: "运行" },
  memory: { en: "Memory", zh: "记忆" },
  files: { en: "Files", zh: "文件" },
  llm: { en: "Models", zh: "模型" },
  policy: { en: "Approvals", zh: "批准" },
  budget: { en: "Budgets", zh: "预算" },
  config: { en: "Configuration and keys", zh: "配置与密钥" },
  labs: { en: "Labs", zh: "实验" },
  meta: { en: "About", zh: "其他" },
} as const satisfies Record<string, Text>;
