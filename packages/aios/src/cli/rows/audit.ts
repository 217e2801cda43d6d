import type { CommandModule, CommandRow } from "../registry.ts";

export const auditRows = [
  {
    path: "audit verify",
    group: "policy",
    effect: "read",
    summary: {
      en: "look whether the audit log is what was written",
      zh: "检查审计日志是否与写入时一致",
    },
    details: {
      en: "Every event is chained to the one before it, and the chain is signed by the key of the home. Exits with 1 and names the first entry that was changed, removed, put in or cut off. Needs no kernel; where one runs, it is asked.",
      zh: "每个事件都与前一个相链接，链由主目录的密钥签名。有条目被更改、删除、插入或截去时以 1 退出，并指出第一处。无需内核；内核在运行时由其回答。",
    },
    examples: ["aios audit verify", "aios audit verify --public-key audit.pub", "aios audit verify --json"],
    options: [
      {
        name: "publicKey",
        kind: "text",
        value: "FILE|HEX",
        summary: {
          en: "nobody else's signature counts: the key that you noted when you trusted the home",
          zh: "只承认该公钥的签名：您信任该主目录时记下的公钥",
        },
      },
      {
        name: "expect",
        kind: "text",
        value: "NUMBER:HASH",
        summary: { en: "an entry that must be there, from an earlier look", zh: "必须存在的条目，取自先前的检查" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/audit-verify.ts"),
  },
] as const satisfies readonly CommandRow[];
