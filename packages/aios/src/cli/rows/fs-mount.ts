import type { CommandModule, CommandRow } from "../registry.ts";

export const fsMountRows = [
  {
    path: "fs mount",
    group: "files",
    effect: "write",
    summary: {
      en: "bring a folder of the kernel's machine to /mnt/NAME, or list what is mounted",
      zh: "将内核所在机器的文件夹挂载到 /mnt/NAME，或列出挂载",
    },
    details: {
      en: "All processes of the tenant read it; with --write they change it, too. It lasts until aios fs unmount. What a tool keeps in it (names that begin with a dot, node_modules) is read and not searched. Ctrl-C ends the waiting, not the mount.",
      zh: "租户的所有进程均可读取；加 --write 时也可更改。挂载一直有效，直到 aios fs unmount。其中供工具使用的内容（以点开头的名称、node_modules）可读取，但不被搜索。Ctrl-C 只结束等待，不结束挂载。",
    },
    examples: ["aios fs mount ~/documents", "aios fs mount . --name project --write", "aios fs mount"],
    args: [
      {
        name: "folder",
        isOptional: true,
        summary: { en: "a folder; default: list what is mounted", zh: "文件夹；默认：列出挂载" },
      },
    ],
    options: [
      {
        name: "name",
        kind: "text",
        value: "NAME",
        summary: { en: "default: what the folder is called", zh: "默认：文件夹的名称" },
      },
      { name: "write", kind: "flag", summary: { en: "processes change its files, too", zh: "进程也可更改其中的文件" } },
    ],
    load: (): Promise<CommandModule> => import("../commands/fs-mount.ts"),
  },
  {
    path: "fs unmount",
    group: "files",
    effect: "danger",
    summary: { en: "end a mount; the folder stays as it is", zh: "结束挂载；文件夹保持原样" },
    details: { en: "The versions of its files are forgotten.", zh: "其文件的版本将不再保留。" },
    args: [
      { name: "name", summary: { en: "of the mount: aios fs mount lists them", zh: "挂载名称：见 aios fs mount" } },
    ],
    load: (): Promise<CommandModule> => import("../commands/fs-unmount.ts"),
  },
  {
    path: "fs watch",
    group: "files",
    effect: "read",
    summary: { en: "print changes of files as they come", zh: "实时输出文件更改" },
    details: {
      en: "By processes, and from outside. Ctrl-C ends it; with --jsonl a line of JSON for each change.",
      zh: "包括进程与外部的更改。Ctrl-C 结束；--jsonl 时每项更改输出一行 JSON。",
    },
    args: [
      {
        name: "path",
        isOptional: true,
        summary: { en: "a file or a folder; default: /shared", zh: "文件或文件夹；默认：/shared" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/fs-watch.ts"),
  },
  {
    path: "fs reindex",
    group: "files",
    effect: "write",
    summary: { en: "read files anew for search", zh: "为搜索重新读取文件" },
    details: {
      en: "All others are found meanwhile. Ctrl-C ends the waiting, not the reading.",
      zh: "期间仍可搜索其他文件。Ctrl-C 只结束等待，不结束读取。",
    },
    args: [
      {
        name: "path",
        isOptional: true,
        summary: { en: "a file or a folder; default: all files", zh: "文件或文件夹；默认：全部文件" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/fs-reindex.ts"),
  },
] as const satisfies readonly CommandRow[];
