import { SysError } from "@aiosjs/sdk/protocol";
import type { Effect, ParsedArgsOf, ToolAccess } from "@aiosjs/sdk/protocol";
import type { DriverContext, Toolbox, ToolSpec } from "../../kernel/ports.ts";
import type { AnyEnvironment, Args, ToolUse } from "./world.ts";

/** A tool that asks the kernel for something on behalf of the agent that calls it. */
export interface AgentTool {
  readonly name: string;
  readonly description: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly effect: Effect;
  readonly access: ToolAccess;
  readonly isForeign?: boolean;
  run(args: Args, context: DriverContext): Promise<string>;
}

export interface WorldToolboxOptions {
  readonly environment: AnyEnvironment;
  readonly state: unknown;
  readonly more: readonly AgentTool[];
  /** Hears of each call that has done what it says. */
  readonly did: (use: ToolUse) => void;
  /** Whether the gate is told what the tools do. */
  readonly isDeclared: boolean;
}

/** The tools of a world, with the state that they work on. */
export function createWorldToolbox({ environment, state, more, did, isDeclared }: WorldToolboxOptions): Toolbox {
  const own = environment.tools.map((tool): AgentTool => ({ ...tool, run: async (args) => tool.run(state, args) }));
  const tools = new Map([...own, ...more].map((tool) => [tool.name, tool]));
  const specs = [...tools.values()].map(({ name, description, parameters, effect, access, isForeign }): ToolSpec => ({
    name,
    description,
    parameters: {
      type: "object",
      properties: Object.fromEntries(Object.entries(parameters).map(([key, about]) => [key, { description: about }])),
    },
    effect,
    ...(isDeclared ? { access, isForeign } : {}),
  }));
  return {
    name: "world",
    device: "tool",
    concurrency: 64,
    tools: () => specs,
    async *execute(_name, args, context) {
      const { name, arguments: given } = args as ParsedArgsOf<"tool.call">;
      const tool = tools.get(name);
      if (!tool) throw new SysError("ENOENT", `no tool ${JSON.stringify(name)}`);
      const content = await tool.run(given, context);
      did({ tool: name, args: given });
      yield [{ type: "result", result: { content } }];
    },
  };
}
