import type { ResultOf } from "@aiosjs/sdk/protocol";
import type { Parts } from "./parts.ts";
import type { ToolSpec } from "./ports.ts";

/** The toolbox's, without those that would need a sandbox which is not to be had here. */
export async function offeredTools({
  toolbox,
  sandboxes,
}: Pick<Parts, "toolbox" | "sandboxes">): Promise<ResultOf<"tool.list">["tools"]> {
  const tools = toolbox?.tools() ?? [];
  const known = new Map<string, Promise<boolean>>();
  const isThere = async ({ access }: ToolSpec): Promise<boolean> => {
    const tier = access?.sandbox;
    if (tier === undefined) return true;
    if (!sandboxes) return false;
    // Code of the wasm tier runs in a process, too.
    const is =
      known.get(tier) ?? sandboxes.offers(tier).then((so) => so || (tier === "wasm" && sandboxes.offers("process")));
    known.set(tier, is);
    return is;
  };
  const there = await Promise.all(tools.map(isThere));
  return tools.filter((_tool, index) => there[index]).map((tool) => ({ ...tool }));
}
