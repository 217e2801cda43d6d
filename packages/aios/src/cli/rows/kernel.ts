import type { CommandModule, CommandRow, OptionSpec } from "../registry.ts";

const port = {
  name: "port",
  kind: "integer",
  min: 0,
  max: 65_535,
  summary: { en: "where it listens; 0 takes any free port", zh: "监听端口；0 表示任意空闲端口" },
} as const satisfies OptionSpec;

export const kernelRows = [
  {
    path: "up",
    group: "kernel",
    effect: "write",
    summary: { en: "start the kernel", zh: "启动内核" },
    details: {
      en: "Stays in the foreground until Ctrl-C; with -d it returns when the kernel is ready. Where it listens stands in kernel.json of the home.",
      zh: "在前台运行，直到 Ctrl-C；使用 -d 时在内核就绪后返回。监听地址写在主目录的 kernel.json 中。",
    },
    examples: ["aios up", "aios up -d --port 0", "aios up --demo"],
    options: [
      {
        name: "detach",
        short: "d",
        kind: "flag",
        summary: { en: "return when it is ready; it runs on", zh: "就绪后返回；内核继续运行" },
      },
      port,
      {
        name: "core",
        kind: "text",
        value: "NAME",
        summary: {
          en: "use only this core: a configured one, sim, or ollama",
          zh: "只使用该核心：已配置的核心、sim 或 ollama",
        },
      },
      {
        name: "standby",
        kind: "flag",
        summary: {
          en: "wait for a kernel that has the home to end, or to be silent for 15 s, and take over",
          zh: "等待占用主目录的内核结束，或沉默 15 秒后接管",
        },
      },
      {
        name: "demo",
        kind: "flag",
        summary: { en: "show twelve agents at work, then stay up", zh: "先演示十二个智能体，然后保持运行" },
      },
    ],
    aliases: ["start"],
    load: (): Promise<CommandModule> => import("../commands/up.ts"),
  },
  {
    path: "down",
    group: "kernel",
    effect: "danger",
    summary: { en: "stop the kernel; calls under way may end first", zh: "停止内核；进行中的调用可先结束" },
    aliases: ["stop"],
    load: (): Promise<CommandModule> => import("../commands/down.ts"),
  },
  {
    path: "restart",
    group: "kernel",
    effect: "danger",
    summary: { en: "stop the kernel and start it again in the background", zh: "停止内核并在后台重新启动" },
    options: [port],
    load: (): Promise<CommandModule> => import("../commands/restart.ts"),
  },
  {
    path: "status",
    group: "kernel",
    effect: "read",
    summary: { en: "tell how the kernel is", zh: "查看内核状态" },
    load: (): Promise<CommandModule> => import("../commands/status.ts"),
  },
  {
    path: "doctor",
    group: "kernel",
    effect: "read",
    summary: {
      en: "find what is wrong with this set-up, and how to mend it",
      zh: "检查安装与配置的问题，并给出修复方法",
    },
    details: {
      en: "Looks at Node, the home and its disk, the configuration, the kernel, the port, the journal, mounted folders, every core and its key. Exits with 1 when something is broken.",
      zh: "检查 Node、主目录与磁盘、配置、内核、端口、日志、挂载的文件夹、每个核心及其密钥。有问题时以 1 退出。",
    },
    examples: ["aios doctor", "aios doctor --sandbox"],
    options: [
      {
        name: "sandbox",
        kind: "flag",
        summary: {
          en: "attack this machine without a sandbox, then in each that is available, and show what got out; nothing is harmed",
          zh: "先在无沙箱时攻击本机，再在每个可用沙箱中攻击，并显示逃逸结果；不造成损害",
        },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/doctor.ts"),
  },
  {
    path: "refresh",
    group: "kernel",
    effect: "write",
    summary: { en: "let the kernel read its configuration again", zh: "让内核重新读取配置" },
    details: {
      en: "All of it is swapped, or nothing. Calls under way keep what they were dispatched with; server, journal and files need a restart.",
      zh: "全部生效，或全部不变。进行中的调用沿用原配置；server、journal 与 files 需要重启。",
    },
    aliases: ["config reload"],
    load: (): Promise<CommandModule> => import("../commands/refresh.ts"),
  },
] as const satisfies readonly CommandRow[];
