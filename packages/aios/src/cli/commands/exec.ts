import type { ContextOf } from "../registry.ts";
import { runAgent } from "../run-agent.ts";

/** The agent behind `exec`: no folder, no set-up; it may use every tool that the kernel offers. */
const builtInAgent = {
  name: "exec",
  instructions:
    "You do what the user asks, with the tools at hand, and answer in the user's language. " +
    "Use a tool wherever it is more certain than you: for sums, dates, files and JSON. Be brief; say what you did.",
  tools: ["*"],
} as const;

export async function run(context: ContextOf<"exec">): Promise<number> {
  const task = context.args.prompt.join(" ");
  // A person waits for the answer.
  return runAgent(context, {
    agent: { ...builtInAgent, tools: [...builtInAgent.tools] },
    task,
    usualClass: "interactive",
  });
}
