import type { Client } from "../client.ts";
import { SysError } from "../errors.ts";
import type { AgentOptions } from "./think-act.ts";
import { messageText } from "./message-text.ts";
import type { Tool } from "../syscalls/llm.ts";
import type { Toolset } from "./toolset.ts";

const schema = {
  type: "object",
  properties: { tools: { type: "array", items: { type: "string" } } },
  required: ["tools"],
  additionalProperties: false,
};

/**
 * Has the model choose the tools for a task from the task alone, and has the kernel hold the agent to them: nothing that it
 * reads later adds one. @throws SysError EIO when the model names no plan, EPOLICY when something else was read before
 */
export async function planTools(
  task: string,
  { instructions, model = "auto", name }: Pick<AgentOptions, "instructions" | "model" | "name">,
  { toolset, client, signal }: { toolset: Toolset; client: Client; signal: AbortSignal },
): Promise<Toolset> {
  // A plan that a stranger's words have had a part in would be no plan of the user's.
  const about = ({ name: tool, description = "" }: Tool): string => (toolset.foreign.has(tool) ? "" : description);
  const offered = toolset.tools.map((tool) => `- ${tool.name}: ${about(tool)}`).join("\n");
  const { message } = await client.llm.chat(
    {
      model,
      callSite: `agent:${name}:plan`,
      messages: [
        { role: "system", content: `${instructions}\n\n${note}\n${offered}` },
        { role: "user", content: task },
      ],
      responseFormat: { type: "json-schema", name: "plan", schema },
    },
    { signal },
  );
  const wanted = toolsIn(messageText(message), name);
  const tools = toolset.tools.filter((tool) => wanted.includes(tool.name));
  await client.proc.plan({ tools: tools.map((tool) => tool.name) }, { signal });
  return {
    tools,
    foreign: toolset.foreign,
    answer: async (call, by) =>
      tools.some((tool) => tool.name === call.name)
        ? toolset.answer(call, by)
        : { content: `EPOLICY: ${call.name} is not in the plan, and cannot be called any more`, isError: true },
  };
}

const note =
  'Before you begin, choose the tools that this task takes; you will have no others. Answer with one JSON object, {"tools": ["NAME", …]}, and nothing else. There are:';

function toolsIn(text: string, name: string): readonly string[] {
  const object = /\{[^]*\}/.exec(text)?.[0] ?? "";
  try {
    const { tools } = JSON.parse(object) as { tools?: unknown };
    if (Array.isArray(tools)) return tools.map(String);
  } catch {
    // said below
  }
  throw new SysError("EIO", `${name}'s model has made no plan: ${text.slice(0, 200)}`, {
    hint: "take a model that answers in JSON, or leave out `mode: plan`",
  });
}
