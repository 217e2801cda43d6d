import type { ArgumentSpec, CommandModule, CommandRow } from "../registry.ts";

const key = {
  name: "key",
  summary: {
    en: "dotted: server.port, llms.cores.openai.models",
    zh: "以点分隔：server.port、llms.cores.openai.models",
  },
} as const satisfies ArgumentSpec;
const variable = {
  name: "name",
  summary: { en: "a variable: OPENAI_API_KEY", zh: "变量名：OPENAI_API_KEY" },
} as const satisfies ArgumentSpec;

export const configRows = [
  {
    path: "config get",
    group: "config",
    effect: "read",
    summary: { en: "print a setting", zh: "输出一项设置" },
    examples: ["aios config get server.port", "aios config get llms --json"],
    args: [{ ...key, isOptional: true }],
    load: (): Promise<CommandModule> => import("../commands/config-get.ts"),
  },
  {
    path: "config set",
    group: "config",
    effect: "write",
    summary: { en: "change a setting in config.yaml of the home", zh: "修改主目录 config.yaml 中的设置" },
    details: {
      en: "The value is read as YAML. Comments stay; nothing is written unless the whole file is right afterwards.",
      zh: "值按 YAML 解析。注释会保留；修改后文件不合法时不会写入。",
    },
    examples: [
      "aios config set server.port 4200",
      'aios config set llms.cores.openai.models "[gpt-4o-mini]"',
      "aios config set server.port --unset",
    ],
    args: [key, { name: "value", isOptional: true, summary: { en: "the new value", zh: "新的值" } }],
    options: [
      {
        name: "unset",
        kind: "flag",
        summary: { en: "take it out: the default holds again", zh: "删除该项，恢复默认值" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/config-set.ts"),
  },
  {
    path: "config ls",
    group: "config",
    effect: "read",
    summary: { en: "list the settings, and where each comes from", zh: "列出各项设置及其来源" },
    options: [
      {
        name: "changed",
        kind: "flag",
        summary: { en: "only those that are not the default", zh: "只列出非默认值" },
      },
    ],
    aliases: ["config list"],
    load: (): Promise<CommandModule> => import("../commands/config-ls.ts"),
  },
  {
    path: "config explain",
    group: "config",
    effect: "read",
    summary: { en: "tell what a setting means, and which layer won", zh: "说明一项设置的含义及其取值来源" },
    examples: ["aios config explain server.port"],
    args: [key],
    load: (): Promise<CommandModule> => import("../commands/config-explain.ts"),
  },
  {
    path: "config import",
    group: "config",
    effect: "write",
    summary: {
      en: "take over the config.yaml, or the storage, of another AIOS",
      zh: "导入其他 AIOS 的 config.yaml 或存储数据",
    },
    details: {
      en: "Takes the files of agiresearch/AIOS and of yangfei222666-9/aios, and tells what has no counterpart. Keys in them are not copied: references stand in their place, and the variables to set are named. An old config.yaml is kept as config.yaml.bak. The SQLite file of the latter goes into the running kernel; what is there already stays as it is.",
      zh: "支持 agiresearch/AIOS 与 yangfei222666-9/aios 的文件，并列出没有对应项的设置。文件中的密钥不会被复制，而是改为引用，并列出需要设置的变量；原有的 config.yaml 保留为 config.yaml.bak。后者的 SQLite 文件会导入运行中的内核；已存在的记录保持不变。",
    },
    examples: ["aios config import aios/config/config.yaml --dry-run", "aios config import aios.db"],
    args: [{ name: "file", summary: { en: "the file to take over", zh: "要导入的文件" } }],
    options: [
      {
        name: "dryRun",
        kind: "flag",
        summary: { en: "print what would be taken over, write nothing", zh: "只输出结果，不写入" },
      },
      {
        name: "force",
        kind: "flag",
        summary: { en: "replace the config.yaml that is there", zh: "替换已有的 config.yaml" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/config-import.ts"),
  },
  {
    path: "env ls",
    group: "config",
    effect: "read",
    summary: { en: "list the providers' variables, and which are set", zh: "列出各服务商的变量及其状态" },
    aliases: ["env list"],
    load: (): Promise<CommandModule> => import("../commands/env-ls.ts"),
  },
  {
    path: "env set",
    group: "config",
    effect: "write",
    summary: {
      en: "keep a variable for this home; asks when nothing is given",
      zh: "为主目录保存变量；不带参数时逐项询问",
    },
    details: {
      en: "Kept in the file `env` of the home (mode 0600), behind the shell's own variables. On a terminal the value is asked for and not shown; with - it is read from stdin, so that it stands in no shell history.",
      zh: "保存在主目录的 env 文件中（权限 0600），优先级低于 shell 中的变量。在终端中会以掩码方式询问；使用 - 时从标准输入读取，不会留在 shell 历史中。",
    },
    examples: ["aios env set", "aios env set OPENAI_API_KEY", "pass openai | aios env set OPENAI_API_KEY -"],
    args: [
      { ...variable, isOptional: true },
      {
        name: "value",
        isOptional: true,
        summary: { en: "its value; - reads stdin", zh: "变量的值；- 表示从标准输入读取" },
      },
    ],
    aliases: ["env add"],
    load: (): Promise<CommandModule> => import("../commands/env-set.ts"),
  },
  {
    path: "env rm",
    group: "config",
    effect: "write",
    summary: { en: "forget a variable of this home", zh: "删除主目录保存的变量" },
    args: [variable],
    load: (): Promise<CommandModule> => import("../commands/env-rm.ts"),
  },
  {
    path: "env check",
    group: "config",
    effect: "read",
    summary: { en: "try every key that is set", zh: "逐一测试已设置的密钥" },
    details: {
      en: "Asks each provider for its list of models, which costs nothing.",
      zh: "向每个服务商请求模型列表，不产生费用。",
    },
    args: [{ ...variable, isOptional: true }],
    load: (): Promise<CommandModule> => import("../commands/env-check.ts"),
  },
  {
    path: "key new",
    group: "config",
    effect: "write",
    summary: { en: "make an access key", zh: "创建访问密钥" },
    details: {
      en: "The key is shown once; only its hash is kept. With -q nothing but the key is printed. A scope is * (everything), a device as llm.*, a syscall as fs.read, proc:act-as (x-aios-pid may name any process of the tenant, not only the key's own) or trust:user-turns (the user's turns in its requests are a person's words). Without --scopes: llm.*, fs.*, tool.*, proc.*, call.*, value.* and mem.*. A key makes keys of its own scopes alone, that live no longer than it does; one that has limits makes none.",
      zh: "密钥只显示一次，系统仅保存其哈希。使用 -q 时只输出密钥。权限可以是 *（全部）、某个设备如 llm.*、某个系统调用如 fs.read、proc:act-as（x-aios-pid 可指定该租户的任意进程，而不限于该密钥自己的进程）或 trust:user-turns（请求中的 user 消息视为真人所说）。不带 --scopes 时为 llm.*、fs.*、tool.*、proc.*、call.*、value.* 和 mem.*。密钥只能创建权限和有效期都不超过自身的密钥；带限额的密钥不能创建密钥。",
    },
    examples: [
      "aios key new -q",
      "aios key new --tenant team-a --budget-usd 5 --expires 30d",
      "aios key new --scopes llm.*,trust:user-turns",
    ],
    options: [
      {
        name: "tenant",
        kind: "text",
        value: "NAME",
        summary: { en: "whose key it is; default: the home's own tenant", zh: "密钥所属的租户；默认为主目录的租户" },
      },
      {
        name: "scopes",
        kind: "list",
        value: "PATTERN",
        summary: {
          en: "what it may do, as llm.*, fs.read or trust:user-turns; several by commas",
          zh: "允许的操作，如 llm.*、fs.read 或 trust:user-turns；用逗号分隔多个",
        },
      },
      {
        name: "budgetUsd",
        kind: "number",
        value: "N",
        min: 0,
        summary: { en: "US dollars that it may spend in all", zh: "总共可花费的美元" },
      },
      {
        name: "limit",
        kind: "list",
        value: "LIMIT",
        summary: { en: "a hard limit, as tokens=10000/day", zh: "硬性限额，例如 tokens=10000/day" },
      },
      {
        name: "expires",
        kind: "text",
        value: "TIME",
        summary: { en: "valid for so long: 12h, 30d", zh: "有效期：12h、30d" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/key-new.ts"),
  },
  {
    path: "key ls",
    group: "config",
    effect: "read",
    summary: { en: "list the access keys, without their secrets", zh: "列出访问密钥（不含密文）" },
    aliases: ["key list"],
    load: (): Promise<CommandModule> => import("../commands/key-ls.ts"),
  },
  {
    path: "key revoke",
    group: "config",
    effect: "danger",
    summary: { en: "make a key void at once; its calls are cancelled", zh: "立即吊销密钥，并取消其进行中的调用" },
    args: [{ name: "id", summary: { en: "its id, or the key itself", zh: "密钥的编号，或密钥本身" } }],
    aliases: ["key rm"],
    load: (): Promise<CommandModule> => import("../commands/key-revoke.ts"),
  },
] as const satisfies readonly CommandRow[];
