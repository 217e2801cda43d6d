import { SysError, toolAccessSchema } from "@aiosjs/sdk/protocol";
import type { Effect } from "@aiosjs/sdk/protocol";
import { z } from "zod";
import type { DriverContext, ToolSpec } from "../../../kernel/ports.ts";

/** A tool that runs inside the kernel's process. What it returns is what the model reads. */
export interface BuiltinTool {
  readonly spec: ToolSpec;
  run(given: unknown, context: DriverContext): Promise<string>;
}

interface BuiltinToolOptions<Parameters extends z.ZodType> {
  /** Letters, digits, `_` and `-`, at most 64: what every model's API accepts. */
  readonly name: string;
  readonly description: string;
  readonly parameters: Parameters;
  readonly effect: Effect;
  /** What the gate is to know of it. Default: as much as `effect` tells. */
  readonly access?: z.input<typeof toolAccessSchema>;
  /** Who wants it asks for it by its name: no pattern means it. */
  readonly isNamed?: boolean;
  readonly run: (args: z.output<Parameters>, context: DriverContext) => string | Promise<string>;
}

export function builtinTool<Parameters extends z.ZodType>(options: BuiltinToolOptions<Parameters>): BuiltinTool {
  const { name, description, parameters, effect, access, isNamed, run } = options;
  const { $schema: _, ...schema } = z.toJSONSchema(parameters, { io: "input" });
  return {
    spec: {
      name,
      description,
      parameters: schema,
      effect,
      ...(access ? { access: toolAccessSchema.parse(access) } : {}),
      ...(isNamed ? { isNamed } : {}),
    },
    async run(given, context) {
      const parsed = parameters.safeParse(given);
      if (!parsed.success) throw new SysError("EINVAL", `${name}: ${issuesOf(parsed.error)}`);
      return run(parsed.data, context);
    },
  };
}

const issuesOf = (error: z.ZodError): string =>
  error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.map(String).join(".")}: ${message}`))
    .join("; ");
