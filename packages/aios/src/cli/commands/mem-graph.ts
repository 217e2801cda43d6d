import { graphDot, graphTree } from "../../memory/graph-text.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"mem graph">): Promise<void> {
  const { args, options, signal, width } = context;
  const { depth, limit, format } = options;
  const client = await context.client();
  const graph = await client.mem.graph({ id: args.id, depth, limit }, { signal });
  context.result(graph, () => {
    if (format === "json") return JSON.stringify(graph, null, 2);
    return format === "dot" ? graphDot(graph) : graphTree(graph, width);
  });
}
