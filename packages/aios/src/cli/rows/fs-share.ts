import type { ArgumentSpec, CommandModule, CommandRow } from "../registry.ts";

const file = { name: "path", summary: { en: "a file", zh: "文件" } } as const satisfies ArgumentSpec;

export const fsShareRows = [
  {
    path: "fs share",
    group: "files",
    effect: "write",
    summary: { en: "make a link by which anybody reads a file", zh: "生成链接，任何人凭此可读取文件" },
    details: {
      en: "Whoever has the link reads the file without a key, as it stands then, and nothing else. It ends with its time, with aios fs unshare, and when the file is moved or removed. What is labelled private or secret is not shared. Where the server listens on this machine alone, so does the link.",
      zh: "持有链接者无需密钥即可读取该文件的当前内容，且仅限该文件。期满、执行 aios fs unshare 或文件被移动、移除时失效。标记为 private 或 secret 的文件不能共享。服务器只监听本机时，链接也只在本机有效。",
    },
    examples: ["aios fs share report.pdf --for 2h", "aios fs share plan.md --version 3"],
    args: [file],
    options: [
      {
        name: "for",
        kind: "text",
        value: "TIME",
        summary: {
          en: "how long: 30m, 12h, 30d; default: 7d, at most 366d",
          zh: "有效期：30m、12h、30d；默认 7d，最长 366d",
        },
      },
      {
        name: "version",
        kind: "integer",
        min: 1,
        value: "N",
        summary: { en: "always this one; default: as it stands then", zh: "固定为该版本；默认：打开时的内容" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/fs-share.ts"),
  },
  {
    path: "fs unshare",
    group: "files",
    effect: "danger",
    summary: { en: "end links to files, at once and for ever", zh: "立即永久终止文件链接" },
    examples: ["aios fs unshare report.pdf", "aios fs unshare s4k9x02mq7d1c8ab"],
    args: [
      {
        name: "links",
        isVariadic: true,
        summary: { en: "a link, its id, or a file: all links to it", zh: "链接、链接编号，或文件（其全部链接）" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/fs-unshare.ts"),
  },
  {
    path: "fs shares",
    group: "files",
    effect: "read",
    summary: { en: "list the links that are open", zh: "列出有效的文件链接" },
    details: { en: "--json has the links themselves.", zh: "--json 包含链接本身。" },
    args: [
      {
        name: "path",
        isOptional: true,
        summary: {
          en: "of this file, or of what is in this folder; default: all",
          zh: "该文件，或该文件夹内的文件；默认：全部",
        },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/fs-shares.ts"),
  },
] as const satisfies readonly CommandRow[];
