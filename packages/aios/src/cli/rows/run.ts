import type { CommandModule, CommandRow, OptionSpec } from "../registry.ts";

export const model = {
  name: "model",
  kind: "text",
  value: "NAME",
  summary: { en: "core/model, a model's name, an alias, or auto", zh: "core/model、模型名、别名，或 auto" },
} as const satisfies OptionSpec;
export const quality = [
  { name: "name", kind: "text", value: "NAME", summary: { en: "what ps calls it", zh: "在 ps 中显示的名称" } },
  {
    name: "nice",
    kind: "integer",
    min: -20,
    max: 19,
    summary: { en: "−20 goes first, 19 last", zh: "−20 最优先，19 最靠后" },
  },
  {
    name: "class",
    kind: "text",
    choices: ["interactive", "batch"],
    summary: { en: "interactive calls find a slot kept for them", zh: "interactive 类调用有预留的执行位" },
  },
  {
    name: "limit",
    kind: "list",
    value: "LIMIT",
    summary: {
      en: "a hard limit, as tokens=10000/day; may come several times",
      zh: "硬性限额，例如 tokens=10000/day；可多次给出",
    },
  },
  {
    name: "usd",
    kind: "number",
    value: "N",
    min: 0,
    summary: { en: "spend at most so many US dollars", zh: "最多花费多少美元" },
  },
  {
    name: "onExhausted",
    kind: "text",
    value: "WHAT",
    choices: ["suspend", "hold", "refuse"],
    summary: {
      en: "when a limit is reached: suspend until its window is over, hold until somebody resumes it or raises the limit, or refuse the calls; default: refuse for commands, suspend for agents",
      zh: "限额用尽时：suspend 挂起至窗口结束，hold 挂起直到有人恢复或提高限额，refuse 拒绝调用；默认：命令为 refuse，智能体为 suspend",
    },
  },
] as const satisfies readonly OptionSpec[];

export const runRows = [
  {
    path: "run",
    group: "run",
    effect: "write",
    summary: { en: "run an agent, or any command, as a process", zh: "将智能体或任意命令作为进程运行" },
    details: {
      en: "After -- any program in any language: it finds the kernel under the names the OpenAI and Anthropic clients read, with a key of its own; your own provider keys stay out of its environment. Exits with the command's own code (127: no such command). The first Ctrl-C goes to the command, the second kills its whole tree. With --restart on-failure (or always: after exit 0 too) it is started again when it dies, never when somebody ended it; what it did outside of the kernel may happen twice. With --sandbox it runs in a sandbox of the process tier: it sees the system's programs, itself and this folder (written to, but for .git/hooks, .git/config and .env), a home of its own that goes with it, none of your variables, and no network but the kernel and what the policy's row for its name lists under egress.",
      zh: "-- 之后可以是任何语言的程序：OpenAI 与 Anthropic 客户端所读取的环境变量都指向内核，并带有专属密钥；您自己的服务商密钥不会进入其环境。退出码与该命令相同（127：没有此命令）。第一次 Ctrl-C 发给该命令，第二次结束整个进程树。使用 --restart on-failure（或 always：退出码为 0 时也一样）时，命令意外结束后会重新启动，被人结束则不会；它在内核之外所做的事可能发生两次。使用 --sandbox 时，命令在 process 级沙箱中运行：只能看到系统程序、它自身和当前文件夹（可写，但 .git/hooks、.git/config 和 .env 除外），拥有一个随它消失的主目录，看不到您的环境变量，网络只能到达内核以及策略中该名称所在行 egress 所列的地址。",
    },
    examples: [
      "aios run -- python my_agent.py",
      "aios run --sandbox -- python my_agent.py",
      "aios run --name nightly --nice 10 --limit tokens=200k/day -d -- node crawl.js",
      'aios run researcher "compare these three files"',
    ],
    args: [
      { name: "agent", isOptional: true, summary: { en: "an agent's name or folder", zh: "智能体的名称或文件夹" } },
      { name: "task", isOptional: true, isVariadic: true, summary: { en: "what it shall do", zh: "要它做的事" } },
    ],
    options: [
      ...quality,
      model,
      {
        name: "env",
        kind: "list",
        value: "NAME",
        summary: { en: "let this variable through although it looks like a secret", zh: "放行该变量，尽管它像是密钥" },
      },
      {
        name: "sandbox",
        kind: "flag",
        summary: {
          en: "in a sandbox: it writes to this folder alone, and leaves by the kernel and by what the policy lists as its egress",
          zh: "在沙箱中运行：只能写入当前文件夹，对外只能访问内核和策略所列的 egress",
        },
      },
      {
        name: "view",
        kind: "list",
        value: "PATH",
        summary: {
          en: "with --sandbox: let it read this, too; may come several times",
          zh: "与 --sandbox 一起使用：也允许它读取该路径；可多次给出",
        },
      },
      {
        name: "restart",
        kind: "text",
        choices: ["never", "on-failure", "always"],
        summary: {
          en: "start the command again when it dies; the same requests get the recorded answers",
          zh: "命令意外结束后重新启动；相同的请求得到已记录的回答",
        },
      },
      {
        name: "tty",
        kind: "flag",
        summary: {
          en: "give the command the terminal itself (nothing is logged)",
          zh: "把终端直接交给命令（不记录日志）",
        },
      },
      {
        name: "detach",
        short: "d",
        kind: "flag",
        summary: { en: "print the pid and return; it runs on", zh: "输出进程号后返回；进程继续运行" },
      },
    ],
    hasRest: true,
    load: (): Promise<CommandModule> => import("../commands/run.ts"),
  },
  {
    path: "exec",
    group: "run",
    effect: "write",
    summary: { en: "ask the built-in agent", zh: "向内置智能体提问" },
    examples: ['aios exec "what is 19 % of 2,480?"'],
    args: [{ name: "prompt", isVariadic: true, summary: { en: "what it shall do", zh: "要它做的事" } }],
    options: [...quality, model],
    load: (): Promise<CommandModule> => import("../commands/exec.ts"),
  },
  {
    path: "call",
    group: "run",
    effect: "write",
    summary: { en: "make any syscall", zh: "执行任意系统调用" },
    details: {
      en: "Prints the result as JSON; with --jsonl every event as it comes.",
      zh: "以 JSON 输出结果；使用 --jsonl 时逐个输出事件。",
    },
    examples: [
      "aios call sys.status",
      'aios call tool.call \'{"name":"calculator","arguments":{"expression":"6*7"}}\'',
    ],
    args: [
      { name: "syscall", summary: { en: "device.verb", zh: "设备.动词" } },
      {
        name: "json",
        isOptional: true,
        summary: {
          en: "the arguments as a JSON object; - reads stdin",
          zh: "JSON 对象形式的参数；- 表示从标准输入读取",
        },
      },
    ],
    load: (): Promise<CommandModule> => import("../commands/call.ts"),
  },
] as const satisfies readonly CommandRow[];
