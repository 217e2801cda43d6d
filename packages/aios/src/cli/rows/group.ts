import type { ArgumentSpec, CommandModule, CommandRow } from "../registry.ts";

const group = { name: "group", summary: { en: "its name", zh: "组名" } } as const satisfies ArgumentSpec;
const members = {
  name: "members",
  isVariadic: true,
  summary: {
    en: "process:PID, or agent:NAME: every process of that agent",
    zh: "process:PID，或 agent:NAME（该智能体的所有进程）",
  },
} as const satisfies ArgumentSpec;

export const groupRows = [
  {
    path: "group new",
    group: "policy",
    effect: "write",
    summary: {
      en: "make a group: members reach its notes, and what they share",
      zh: "创建组：成员可及组内笔记及彼此共享的笔记",
    },
    details: {
      en: "Without a group a process reaches its own notes, its agent's and the tenant's. What it does not reach is not there for it. A member reads and writes the notes of group:NAME, and reads what other members share of their own. Only keys make groups, and say who is in one.",
      zh: "不在任何组内的进程只能访问自己的、所属智能体的以及租户的笔记，其余笔记对它如同不存在。成员可读写 group:NAME 的笔记，并可读取其他成员共享的笔记。只有密钥可以创建组并决定成员。",
    },
    examples: [
      "aios group new desk",
      "aios group add desk agent:clerk agent:researcher",
      'aios mem add "Invoices go out on Fridays." --namespace group:desk',
    ],
    args: [group],
    load: (): Promise<CommandModule> => import("../commands/group-new.ts"),
  },
  {
    path: "group add",
    group: "policy",
    effect: "write",
    summary: { en: "take members into a group, or change what they may", zh: "将成员加入组，或更改其权限" },
    examples: ["aios group add desk agent:clerk", "aios group add desk process:a1b2c3 --read-only --expires 12h"],
    args: [group, members],
    options: [
      {
        name: "readOnly",
        kind: "flag",
        summary: { en: "they read the group's notes, and write none", zh: "只能读取组内笔记，不能写入" },
      },
      {
        name: "share",
        kind: "flag",
        summary: { en: "the others in the group read their notes", zh: "组内其他成员可读取其笔记" },
      },
      {
        name: "expires",
        kind: "text",
        value: "TIME",
        summary: { en: "members for so long: 12h, 30d; default: for ever", zh: "成员期限：12h、30d；默认：永久" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/group-add.ts"),
  },
  {
    path: "group drop",
    group: "policy",
    effect: "danger",
    summary: { en: "take members out of a group, at once", zh: "立即将成员移出组" },
    args: [group, members],
    load: (): Promise<CommandModule> => import("../commands/group-drop.ts"),
  },
  {
    path: "group share",
    group: "policy",
    effect: "write",
    summary: { en: "let the others in a group read a member's own notes", zh: "让组内其他成员读取某成员的笔记" },
    details: {
      en: "They read them, and change nothing. A program inside a process (aios run) shares that process's notes, or its agent's.",
      zh: "其他成员只能读取，不能更改。进程内的程序（aios run）可共享该进程或其智能体的笔记。",
    },
    args: [
      group,
      {
        name: "member",
        isOptional: true,
        summary: { en: "default: the process that asks", zh: "默认：发出请求的进程" },
      },
    ],
    options: [{ name: "stop", kind: "flag", summary: { en: "share them no longer", zh: "停止共享" } }],
    load: (): Promise<CommandModule> => import("../commands/group-share.ts"),
  },
  {
    path: "group ls",
    group: "policy",
    effect: "read",
    summary: { en: "list the groups, and who is in them how", zh: "列出各组及其成员" },
    aliases: ["group"],
    load: (): Promise<CommandModule> => import("../commands/group-ls.ts"),
  },
  {
    path: "group rm",
    group: "policy",
    effect: "danger",
    summary: { en: "delete groups; their notes stay, for keys alone", zh: "删除组；其笔记保留，仅密钥可及" },
    args: [{ ...group, name: "groups", isVariadic: true }],
    load: (): Promise<CommandModule> => import("../commands/group-rm.ts"),
  },
] as const satisfies readonly CommandRow[];
