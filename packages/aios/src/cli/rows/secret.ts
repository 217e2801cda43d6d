import type { ArgumentSpec, CommandModule, CommandRow, OptionSpec } from "../registry.ts";

const name = {
  name: "name",
  summary: { en: "agents write it as secret://NAME", zh: "智能体以 secret://NAME 引用" },
} as const satisfies ArgumentSpec;
const tenant = {
  name: "tenant",
  kind: "text",
  value: "NAME",
  default: "local",
  summary: { en: "whose secret it is", zh: "机密所属的租户" },
} as const satisfies OptionSpec;

export const secretRows = [
  {
    path: "secret set",
    group: "config",
    effect: "write",
    summary: {
      en: "keep a value that agents may use without seeing it",
      zh: "保存智能体可以使用但看不到的值",
    },
    details: {
      en: "On a terminal the value is asked for and not shown; elsewhere it is read from stdin, never from the command line. It is put in place of secret://NAME on the way to its hosts and nowhere else; prompts and tool arguments that hold it are refused, and logs show its name. --host takes the place of the hosts before; without a new value the old one stays. Of a host without http:// only TLS is meant.",
      zh: "在终端中以掩码方式询问，否则从标准输入读取，绝不来自命令行。仅在发往指定主机的途中替换 secret://NAME；含有该值的提示词和工具参数会被拒绝，日志中只显示其名称。--host 会取代原有主机；未给出新值时保留原值。未写 http:// 的主机仅限 TLS。",
    },
    examples: [
      "aios secret set github --host api.github.com",
      "pass show bank | aios secret set bank --host api.bank.example",
      "aios secret set intranet --host http://intranet.example:8080",
    ],
    args: [name],
    options: [
      {
        name: "host",
        kind: "list",
        value: "HOST",
        summary: {
          en: "where it may be sent: api.example.com, *.example.org:8443, http://HOST:PORT",
          zh: "可发送到的主机：api.example.com、*.example.org:8443、http://HOST:PORT",
        },
      },
      tenant,
    ],
    load: (): Promise<CommandModule> => import("../commands/secret-set.ts"),
  },
  {
    path: "secret ls",
    group: "config",
    effect: "read",
    summary: { en: "list the secrets, never their values", zh: "列出机密（不显示值）" },
    aliases: ["secret list"],
    load: (): Promise<CommandModule> => import("../commands/secret-ls.ts"),
  },
  {
    path: "secret rm",
    group: "config",
    effect: "write",
    summary: { en: "forget a secret", zh: "删除机密" },
    args: [name],
    options: [tenant],
    load: (): Promise<CommandModule> => import("../commands/secret-rm.ts"),
  },
] as const satisfies readonly CommandRow[];
