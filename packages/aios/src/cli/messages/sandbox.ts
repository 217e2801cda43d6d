import type { Text } from "../text.ts";

/** What `sandbox` says. */
export const sandboxText = {
  none: { en: "no sandboxes: aios sandbox create makes one", zh: "没有沙箱：aios sandbox create 可创建" },
  sandbox: { en: "SANDBOX", zh: "沙箱" },
  process: { en: "PROCESS", zh: "进程" },
  driver: { en: "DRIVER", zh: "驱动" },
  tier: { en: "TIER", zh: "级别" },
  commands: { en: "COMMANDS", zh: "命令数" },
  network: { en: "NETWORK", zh: "网络" },
  created: { en: "CREATED", zh: "创建时间" },
  egress: { en: "egress", zh: "出站白名单" },
  closed: { en: "none", zh: "无" },
  removed: { en: "{sandbox} is removed", zh: "已移除 {sandbox}" },
  guestMade: {
    en: "a guest of Linux {kernel} is in {folder}; aios sandbox exec --tier vm uses it",
    zh: "已在 {folder} 制作 Linux {kernel} 客户系统；aios sandbox exec --tier vm 会使用它",
  },
  kernelAlone: {
    en: "--kernel and --modules belong together",
    zh: "--kernel 与 --modules 须同时给出",
  },
  noCommand: { en: "there is no command", zh: "没有给出命令" },
  noCommandHint: {
    en: "write it after --: aios sandbox exec -- ls -l",
    zh: "写在 -- 之后：aios sandbox exec -- ls -l",
  },
  late: { en: "it was killed: it took longer than it may", zh: "命令超时，已被终止" },
  large: { en: "it was killed: it took more memory than it may", zh: "命令超出内存上限，已被终止" },
  dropped: { en: "{bytes} more bytes of its output were dropped", zh: "输出超出上限，另有 {bytes} 字节被丢弃" },
} as const satisfies Record<string, Text>;
