import type { CommandModule, CommandRow } from "../registry.ts";

const levels = ["kernel", "user", "workspace", "tool", "untrusted"];
const secrecy = ["public", "internal", "private", "secret"];

export const policyRows = [
  {
    path: "policy show",
    group: "policy",
    effect: "read",
    summary: { en: "show what agents may call, and how", zh: "显示智能体可以调用什么、如何调用" },
    details: {
      en: "What holds in the running kernel: policy.yaml of the home, or the shipped policy, and the shipped rows of syscalls that it says nothing of. --yaml prints a file to begin one's own with.",
      zh: "显示运行中内核的有效策略：主目录的 policy.yaml 或内置策略，以及未被其提及的系统调用的内置规则。--yaml 输出可作为自定义起点的文件。",
    },
    examples: ["aios policy show", "aios policy show --yaml > policy.yaml"],
    options: [{ name: "yaml", kind: "flag", summary: { en: "as a policy file", zh: "输出为策略文件" } }],
    load: (): Promise<CommandModule> => import("../commands/policy-show.ts"),
  },
  {
    path: "policy check",
    group: "policy",
    effect: "read",
    summary: { en: "check a policy file, without a kernel", zh: "检查策略文件（无需内核）" },
    details: {
      en: "Names the first thing that is wrong with its line and the nearest thing that exists. Default: the home's own. `aios refresh` puts a changed one into force.",
      zh: "指出第一处错误、其行号以及最接近的有效名称。默认检查主目录的策略文件。更改后用 `aios refresh` 生效。",
    },
    examples: ["aios policy check", "aios policy check ./policy.yaml && aios refresh"],
    args: [{ name: "file", isOptional: true, summary: { en: "a policy file", zh: "策略文件" } }],
    load: (): Promise<CommandModule> => import("../commands/policy-check.ts"),
  },
  {
    path: "policy explain",
    group: "policy",
    effect: "read",
    summary: { en: "tell what the policy says of a call, and why", zh: "说明策略对某次调用的判定及原因" },
    details: {
      en: "Of a call that was made (its id stands in `aios trace`), or of one that could be: --tool with --args, as if --agent or the process --pid made it. Past calls are judged by the policy as it is now, with what their process had seen then.",
      zh: "可说明已发生的调用（编号见 `aios trace`），或假设的调用：--tool 加 --args，由 --agent 或进程 --pid 发起。已发生的调用按当前策略及其进程当时所见判定。",
    },
    examples: [
      "aios policy explain CALL",
      `aios policy explain --tool mail_send --args '{"to": "bob@example.org"}' --trust untrusted`,
      "aios policy explain --pid 4d2a --tool fs.share",
    ],
    args: [{ name: "call", isOptional: true, summary: { en: "a call that was made", zh: "已发生的调用" } }],
    options: [
      { name: "tool", kind: "text", value: "NAME", summary: { en: "a tool, or a syscall", zh: "工具或系统调用" } },
      { name: "args", kind: "text", value: "JSON", summary: { en: "its arguments", zh: "参数" } },
      { name: "agent", kind: "text", value: "NAME", summary: { en: "who calls", zh: "调用者" } },
      {
        name: "pid",
        kind: "text",
        value: "PID",
        summary: {
          en: "the process that calls, with all it has seen and been told",
          zh: "发起调用的进程，含其所见所闻",
        },
      },
      {
        name: "trust",
        kind: "text",
        value: "LEVEL",
        choices: levels,
        summary: { en: "the least trusted that its process has seen", zh: "进程所见内容的最低可信级别" },
      },
      {
        name: "conf",
        kind: "text",
        value: "LEVEL",
        choices: secrecy,
        summary: { en: "the most confidential that its process has seen", zh: "进程所见内容的最高机密级别" },
      },
      {
        name: "said",
        kind: "list",
        value: "TEXT",
        summary: { en: "what a person has told it; may come several times", zh: "用户对其说过的话；可多次给出" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/policy-explain.ts"),
  },
  {
    path: "policy test",
    group: "policy",
    effect: "read",
    summary: { en: "judge the calls of a file of cases", zh: "按用例文件检验策略" },
    details: {
      en: "Each case says a call and the gate that it expects: what differs is told, as expected (-) and as it is (+). Exits with 1 where the policy lets something pass that it should not, or differs otherwise, with 5 where all that differs is stricter than expected. No kernel takes part.",
      zh: "每个用例给出一次调用及预期的门级；不符之处以预期（-）与实际（+）列出。若策略放行了不应放行的调用或有其他差异，退出码为 1；若全部差异都比预期更严格，退出码为 5。无需内核。",
    },
    examples: ["aios policy test policy-cases.yaml", "aios policy test policy-cases.yaml --policy next.yaml"],
    args: [{ name: "file", summary: { en: "a file of cases", zh: "用例文件" } }],
    options: [
      {
        name: "policy",
        kind: "text",
        value: "FILE",
        summary: { en: "judge by this policy instead of the one that the file names", zh: "改用此策略文件" },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/policy-test.ts"),
  },
] as const satisfies readonly CommandRow[];
