import type { ArgumentSpec, CommandModule, CommandRow } from "../registry.ts";

const id = {
  name: "id",
  summary: { en: "a question, as aios approve ls lists them", zh: "问题编号，见 aios approve ls" },
} as const satisfies ArgumentSpec;
const ids = { ...id, name: "ids", isVariadic: true } as const satisfies ArgumentSpec;

export const approveRows = [
  {
    path: "approve ls",
    group: "policy",
    effect: "read",
    summary: { en: "list the questions that wait for a person", zh: "列出等待人来回答的问题" },
    details: {
      en: "A call for which the policy wants a person's leave waits for it, for days if need be. A call that may have happened when the kernel or its program was killed, and must not happen twice, is not repeated: its process asks.",
      zh: "策略要求人批准的调用会一直等待，必要时等待数日。内核或程序被强行终止时可能已经发生、且不能发生两次的调用不会自动重做：其进程会提问。",
    },
    aliases: ["approve"],
    load: (): Promise<CommandModule> => import("../commands/approve-ls.ts"),
  },
  {
    path: "approve show",
    group: "policy",
    effect: "read",
    summary: { en: "show a question, and the call that it is about", zh: "查看一个问题及其涉及的调用" },
    args: [id],
    load: (): Promise<CommandModule> => import("../commands/approve-show.ts"),
  },
  {
    path: "approve yes",
    group: "policy",
    effect: "danger",
    summary: {
      en: "let the call be made, or made again, or say what it returned",
      zh: "允许执行该调用、重新执行，或告知其结果",
    },
    details: {
      en: 'With --result it is not made again: its program gets that as the call\'s result. Of a tool: \'{"content": "…"}\'.',
      zh: '给出 --result 时不会重新执行：程序得到该结果。工具调用写作 \'{"content": "…"}\'。',
    },
    examples: ["aios approve yes a1b2c3d4", 'aios approve yes a1b2c3d4 --result \'{"content": "sent"}\''],
    args: [ids],
    options: [
      {
        name: "result",
        kind: "text",
        value: "JSON",
        summary: { en: "what it returned; it is not made again", zh: "调用的结果；不再重新执行" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/approve-yes.ts"),
  },
  {
    path: "approve no",
    group: "policy",
    effect: "write",
    summary: {
      en: "do not let the call be made: its program is told EPOLICY, or EAMBIGUOUS",
      zh: "不允许执行：程序收到 EPOLICY 或 EAMBIGUOUS",
    },
    args: [ids],
    load: (): Promise<CommandModule> => import("../commands/approve-no.ts"),
  },
  {
    path: "approve break",
    group: "policy",
    effect: "danger",
    summary: {
      en: "for a time, be asked about calls that the policy forbids outright",
      zh: "在一段时间内，对策略完全禁止的调用改为询问",
    },
    details: {
      en: "Each of them is asked about one by one, with its arguments. It is on the audit log with your reason, and over when the kernel stops.",
      zh: "每个调用都会连同参数逐一询问。审计日志会记录你的理由；内核停止后即失效。",
    },
    examples: ['aios approve break bookkeeper wire --for 10m --why "invoice 17, agreed by phone"'],
    args: [
      { name: "pid", summary: { en: "pid, the beginning of one, or a name", zh: "进程号、其前缀或名称" } },
      { name: "name", summary: { en: "the tool, or the syscall", zh: "工具或系统调用" } },
    ],
    options: [
      {
        name: "for",
        kind: "text",
        value: "TIME",
        summary: { en: "as 10m; 1h at most. Default: 10m", zh: "如 10m；最长 1h。默认 10m" },
      },
      { name: "why", kind: "text", value: "TEXT", summary: { en: "your reason", zh: "理由" } },
    ],
    load: (): Promise<CommandModule> => import("../commands/approve-break.ts"),
  },
] as const satisfies readonly CommandRow[];
