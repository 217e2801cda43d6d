import { graphDot, graphTree } from "../../memory/graph-text.ts";
import { graphAround } from "../../memory/graph.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"mem graph">): Promise<void> {
  const { args, options, signal, width } = context;
  const { depth, limit, format } = options;
  const client = await context.client();
  const graph = await client.mem.graph({ id: args.id, depth, limit }, { signal });
  const [root] = graph.notes;
  // The drawings want each link told from the note that comes first.
  const lookup = (ids: readonly string[]) => graph.notes.filter(({ id }) => ids.includes(id));
  const around = root ? await graphAround(root, lookup, { depth, limit }) : graph;
  context.result(graph, () => {
    if (format === "json") return JSON.stringify(graph, null, 2);
    return format === "dot" ? graphDot(around) : graphTree(around, width);
  });
}
