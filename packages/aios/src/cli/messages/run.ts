import type { Text } from "../text.ts";

/** What `call` says. */
export const callText = {
  unknown: { en: 'no syscall "{name}"', zh: "没有系统调用“{name}”" },
  unknownHint: {
    en: "a syscall is device.verb, such as proc.list or fs.read",
    zh: "系统调用的形式是 设备.动词，例如 proc.list 或 fs.read",
  },
  noJson: { en: "the arguments of {name} are no JSON: {detail}", zh: "{name} 的参数不是合法 JSON：{detail}" },
  noJsonHint: {
    en: "write them as one object in quotes: aios call {name} '{example}'",
    zh: "请写成带引号的一个对象：aios call {name} '{example}'",
  },
} as const satisfies Record<string, Text>;

/** What `run` and `exec` say. */
export const runText = {
  nothing: { en: "say what to run", zh: "请说明要运行什么" },
  nothingHint: {
    en: 'a command: aios run -- python my_agent.py · an agent: aios run NAME "task"',
    zh: "命令：aios run -- python my_agent.py · 智能体：aios run 名称 “任务”",
  },
  both: { en: "an agent or a command, not both", zh: "智能体和命令只能选一个" },
  modelIsForAgents: {
    en: "--model is for agents; a command names its model itself in its requests",
    zh: "--model 仅用于智能体；命令在请求中自行指定模型",
  },
  restartIsForCommands: {
    en: "--restart is for commands; an agent goes on by itself after a crash",
    zh: "--restart 仅用于命令；智能体在崩溃后会自行继续",
  },
  viewIsForSandbox: {
    en: "--view goes with --sandbox: without it, the command sees all that you see",
    zh: "--view 须与 --sandbox 一起使用：没有 --sandbox 时，命令能看到您能看到的一切",
  },
  startedAgain: {
    en: "it ended with {code}; it is started again ({incarnation})",
    zh: "已结束，退出码 {code}；重新启动（第 {incarnation} 次）",
  },
  diesAtOnce: {
    en: "it died {count} times at once without a new call: it is not started again",
    zh: "连续 {count} 次一启动就退出，且没有新的调用：不再重新启动",
  },
  ttyOrDetach: { en: "--tty and --detach exclude each other", zh: "--tty 与 --detach 不能同时使用" },
  noTask: { en: 'say what "{agent}" shall do', zh: "请说明要“{agent}”做什么" },
  noTaskHint: { en: 'aios run {agent} "the task in your own words"', zh: "aios run {agent} “用自己的话描述任务”" },
  detached: {
    en: "it runs on; aios logs -f {pid} · aios kill {pid}",
    zh: "它在后台继续运行；aios logs -f {pid} · aios kill {pid}",
  },
  hidden: {
    en: "kept out of its environment: {names} (--env NAME lets one through)",
    zh: "未传入其环境：{names}（--env 名称 可放行）",
  },
  notLogged: { en: "the terminal is its own: nothing is logged", zh: "终端由其独占：不记录日志" },
  notFound: { en: 'no command "{command}" on the PATH', zh: "PATH 中没有命令“{command}”" },
  cannotStart: { en: '"{command}" cannot be started: {detail}', zh: "无法启动“{command}”：{detail}" },
  away: {
    en: "the kernel is away; it is told how the command ended as soon as it is back (Ctrl-C leaves)",
    zh: "内核暂时不在；恢复后会告知其命令的结果（Ctrl-C 离开）",
  },
  untold: {
    en: "the kernel did not come back: it finds out by itself that the command has ended",
    zh: "内核没有恢复：它之后会自行发现命令已结束",
  },
  agentEnded: { en: "{name} ended: {reason}", zh: "{name} 已结束：{reason}" },
  noManifest: { en: "{file} is no agent: {detail}", zh: "{file} 不是智能体：{detail}" },
  foreignKernel: {
    en: "the kernel at {url} is not of this home: what the command prints is not logged",
    zh: "{url} 的内核不属于该主目录：命令的输出不会记录",
  },
} as const satisfies Record<string, Text>;
