import { SysError } from "@aiosjs/sdk/protocol";
import type { ResultOf } from "@aiosjs/sdk/protocol";
import { z } from "zod";
import { builtinTool } from "./builtin-tool.ts";
import type { BuiltinTool } from "./builtin-tool.ts";
import type { Computer } from "./compute.ts";

const maxShown = 60_000;

export const jsonQueryTool = (computer: Computer): BuiltinTool =>
  builtinTool({
    name: "json_query",
    description:
      "Query or reshape JSON with a JSONata expression, for example orders[total > 100].customer, " +
      "$sum(orders.total) or orders{customer: $count($)}. The JSON is given as text or is a file of your own folder.",
    parameters: z.strictObject({
      query: z.string().min(1).max(4_000).describe("a JSONata expression"),
      json: z.string().optional().describe("the JSON text; give this or path"),
      path: z.string().min(1).optional().describe("a JSON file of your own folder; give this or json"),
    }),
    effect: "pure",
    async run({ query, json, path }, context) {
      if ((json === undefined) === (path === undefined))
        throw new SysError("EINVAL", "json_query: give either json or path");
      const text = json ?? ((await context.syscall("fs.read", { path })) as ResultOf<"fs.read">).content;
      const result = await computer.compute({ kind: "query", query, json: text }, context.signal);
      return result.length > maxShown
        ? `${result.slice(0, maxShown)}\n[${result.length - maxShown} more characters; select less]`
        : result;
    },
  });
