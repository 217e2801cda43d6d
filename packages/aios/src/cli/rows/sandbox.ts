import type { ArgumentSpec, CommandModule, CommandRow, OptionSpec } from "../registry.ts";

const sandbox = {
  name: "sandbox",
  summary: { en: "as create has printed it", zh: "create 所输出的编号" },
} as const satisfies ArgumentSpec;
const tier = {
  name: "tier",
  kind: "text",
  choices: ["wasm", "process", "container", "vm", "remote"],
  summary: {
    en: "least isolation (default: process); nothing weaker is taken instead",
    zh: "最低隔离级别（默认 process）；绝不以更弱的代替",
  },
} as const satisfies OptionSpec;
const wall = {
  name: "wall",
  kind: "integer",
  value: "SECONDS",
  min: 1,
  max: 86_400,
  summary: {
    en: "a command that runs longer is killed with all that it started",
    zh: "命令超过此时长时，连同其启动的一切一并终止",
  },
} as const satisfies OptionSpec;
const memory = {
  name: "memory",
  kind: "integer",
  value: "MB",
  min: 1,
  max: 1_048_576,
  summary: { en: "of all that runs in it", zh: "其中运行的一切所用内存的上限" },
} as const satisfies OptionSpec;

export const sandboxRows = [
  {
    path: "sandbox ls",
    group: "process",
    effect: "read",
    summary: { en: "list the sandboxes of processes", zh: "列出进程的沙箱" },
    load: (): Promise<CommandModule> => import("../commands/sandbox-ls.ts"),
  },
  {
    path: "sandbox create",
    group: "process",
    effect: "write",
    summary: { en: "make a sandbox that is kept, and print its id", zh: "创建一个保留的沙箱，并输出其编号" },
    details: {
      en: "A folder of its own, /usr of the machine to read, and no network. It is kept until it is removed, over restarts of the kernel too; one that a process makes ends with it.",
      zh: "拥有独立的目录，可只读访问本机 /usr，没有网络。它会保留到被移除为止，内核重启也不受影响；由进程创建的沙箱随该进程结束。",
    },
    examples: ['id=$(aios sandbox create); aios sandbox exec "$id" -- sh -c "echo hello > note"'],
    options: [tier, wall, memory],
    load: (): Promise<CommandModule> => import("../commands/sandbox-create.ts"),
  },
  {
    path: "sandbox exec",
    group: "process",
    effect: "danger",
    summary: { en: "run a command in a sandbox", zh: "在沙箱中运行命令" },
    details: {
      en: "Without an id in a fresh one, which ends with the command. What it prints comes through as it is; the exit code is the command's own (137: it was killed).",
      zh: "未给出编号时使用一次性沙箱，命令结束后即移除。输出原样传递；退出码即该命令自身的退出码（137：被终止）。",
    },
    examples: [
      "aios sandbox exec -- python3 -c 'print(6 * 7)'",
      "aios sandbox exec --wall 5 --stdin -- sh < script.sh",
    ],
    args: [{ ...sandbox, isOptional: true }],
    options: [
      tier,
      wall,
      memory,
      {
        name: "folder",
        kind: "text",
        value: "PATH",
        summary: {
          en: "where it runs, inside; default: the home folder",
          zh: "在沙箱内的哪个目录运行；默认为其主目录",
        },
      },
      {
        name: "stdin",
        kind: "flag",
        summary: { en: "give it what comes on standard input", zh: "把标准输入交给它" },
      },
    ],
    hasRest: true,
    load: (): Promise<CommandModule> => import("../commands/sandbox-exec.ts"),
  },
  {
    path: "sandbox guest",
    group: "process",
    effect: "write",
    summary: { en: "make the guest that virtual machines consist of", zh: "制作虚拟机所用的客户系统" },
    details: {
      en: "A kernel and a busybox out of packages of this Debian or Ubuntu, which are downloaded and not installed; what sandboxes of the vm tier start from. Without --root commands find busybox's programs alone.",
      zh: "由本机 Debian 或 Ubuntu 的软件包取出内核与 busybox（只下载，不安装），vm 级沙箱由此启动。未给出 --root 时，命令只能使用 busybox 自带的程序。",
    },
    examples: ["aios sandbox guest --root /srv/debian && aios sandbox exec --tier vm -- uname -r"],
    options: [
      {
        name: "root",
        kind: "text",
        value: "FOLDER",
        summary: {
          en: "becomes the root for commands, read-only (by debootstrap or mmdebstrap, for example)",
          zh: "成为命令的只读根目录（例如由 debootstrap 或 mmdebstrap 制作）",
        },
      },
      {
        name: "kernel",
        kind: "text",
        value: "FILE",
        summary: {
          en: "a kernel in the place of the package's; with --modules",
          zh: "代替软件包的内核；须与 --modules 同用",
        },
      },
      {
        name: "modules",
        kind: "text",
        value: "FOLDER",
        summary: { en: "its modules: /lib/modules/VERSION", zh: "该内核的模块：/lib/modules/VERSION" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/sandbox-guest.ts"),
  },
  {
    path: "sandbox rm",
    group: "process",
    effect: "danger",
    summary: {
      en: "kill what runs in a sandbox, and remove it with its files",
      zh: "终止沙箱中运行的一切，并连同其文件移除",
    },
    args: [sandbox],
    load: (): Promise<CommandModule> => import("../commands/sandbox-rm.ts"),
  },
] as const satisfies readonly CommandRow[];
