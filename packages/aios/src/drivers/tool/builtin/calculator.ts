import { SysError } from "@aiosjs/sdk/protocol";
import { z } from "zod";
import { builtinTool } from "./builtin-tool.ts";
import type { BuiltinTool } from "./builtin-tool.ts";
import type { Computer } from "./compute.ts";

const maxResultLength = 10_000;

export const calculatorTool = (computer: Computer): BuiltinTool =>
  builtinTool({
    name: "calculator",
    description:
      "Evaluate a formula exactly: arithmetic, percentages, powers, roots, logarithms, trigonometry, statistics " +
      "(mean, median, std, sum), matrices, units (5 km to mile) and variables, one formula per line.",
    parameters: z.strictObject({
      expression: z.string().min(1).max(4_000).describe("for example (1250 - 980) / 980 * 100, or mean([3, 4, 8])"),
    }),
    effect: "pure",
    async run({ expression }, { signal }) {
      const text = await computer.compute({ kind: "calculate", expression }, signal);
      if (text.length > maxResultLength)
        throw new SysError("EINVAL", `the result has ${text.length} characters; ask for less at once`);
      return text;
    },
  });
