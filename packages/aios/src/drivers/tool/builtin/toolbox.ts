import { SysError } from "@aiosjs/sdk/protocol";
import type { ParsedArgsOf } from "@aiosjs/sdk/protocol";
import type { Clock, Toolbox } from "../../../kernel/ports.ts";
import type { BuiltinTool } from "./builtin-tool.ts";
import { calculatorTool } from "./calculator.ts";
import { openComputer } from "./compute.ts";
import type { ComputerOptions } from "./compute.ts";
import { dateTool } from "./date.ts";
import { fileTools } from "./files.ts";
import { jsonQueryTool } from "./json-query.ts";
import { sandboxTools } from "./sandboxed.ts";

export interface BuiltinToolboxOptions extends ComputerOptions {
  readonly clock: Pick<Clock, "nowMs">;
  /** Calls at once. Default 64: most of them wait for files. */
  readonly concurrency?: number;
  /** Tools beside its own. */
  readonly more?: readonly BuiltinTool[];
}

/** The tools that every process finds: its files, a calculator, dates, JSON queries, and by name a shell and code in a sandbox. */
export function createBuiltinToolbox(options: BuiltinToolboxOptions): Toolbox & AsyncDisposable {
  const { clock, concurrency = 64, more = [], ...limits } = options;
  const computer = openComputer(limits);
  const tools = new Map(
    [...fileTools, calculatorTool(computer), dateTool(clock), jsonQueryTool(computer), ...sandboxTools, ...more].map(
      (tool) => [tool.spec.name, tool],
    ),
  );
  return {
    name: "builtin",
    device: "tool",
    concurrency,
    tools: () => [...tools.values()].map(({ spec }) => spec),
    async *execute(_name, args, context) {
      const { name, arguments: given } = args as ParsedArgsOf<"tool.call">;
      const tool = tools.get(name);
      if (!tool)
        throw new SysError("ENOENT", `no tool ${JSON.stringify(name)}; there are ${[...tools.keys()].join(", ")}`);
      yield [{ type: "result", result: { content: await tool.run(given, context) } }];
    },
    [Symbol.asyncDispose]: () => computer[Symbol.asyncDispose](),
  };
}
