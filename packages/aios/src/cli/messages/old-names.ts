import type { Text } from "../text.ts";

/** What the commands of the predecessors say beyond what their successors say. */
export const oldText = {
  noAgent: {
    en: "say which agent: --agent_path FOLDER or --agent_name NAME",
    zh: "请指定智能体：--agent_path 文件夹 或 --agent_name 名称",
  },
  noHub: {
    en: "there is no hub here: {agent} is looked up among the agents of this machine",
    zh: "此处没有 hub：在本机的智能体中查找 {agent}",
  },
  isPython: {
    en: "{folder} holds a Cerebrum agent: Python code, no agent.yaml",
    zh: "{folder} 中是 Cerebrum 智能体：Python 代码，没有 agent.yaml",
  },
  isPythonHint: {
    en: "start its program as a command: aios run -- python {entry}",
    zh: "将其程序作为命令启动：aios run -- python {entry}",
  },
  noTaskInput: { en: "say what to do: --task_input TEXT", zh: "请说明任务：--task_input 文本" },
  noTask: { en: "say what to do: --desc TEXT", zh: "请说明任务：--desc 文本" },
  noAgents: { en: "no agent is in {folders}", zh: "{folders} 中没有智能体" },
  agent: { en: "AGENT", zh: "智能体" },
  description: { en: "WHAT IT DOES", zh: "说明" },
  folder: { en: "FOLDER", zh: "文件夹" },
} as const satisfies Record<string, Text>;
