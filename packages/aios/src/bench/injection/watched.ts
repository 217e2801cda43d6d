import type { AnyEnvironment, Args, ToolUse, WorldTool } from "./world.ts";

/** The same world, and how often one of its tools has done something of this kind in a state of it. */
export function watched(
  environment: AnyEnvironment,
  isIt: (use: ToolUse) => boolean,
): { readonly environment: AnyEnvironment; readonly timesIn: (state: unknown) => number } {
  const made = new WeakMap<object, number>();
  const timesIn = (state: unknown): number => made.get(state as object) ?? 0;
  const counted = (tool: WorldTool<unknown>): WorldTool<unknown> => ({
    ...tool,
    run(state: unknown, args: Args) {
      const result = tool.run(state, args);
      if (isIt({ tool: tool.name, args })) made.set(state as object, timesIn(state) + 1);
      return result;
    },
  });
  return { environment: { ...environment, tools: environment.tools.map(counted) }, timesIn };
}
