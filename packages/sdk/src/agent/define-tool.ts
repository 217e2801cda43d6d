import { SysError } from "../errors.ts";
import { shapeOf } from "../schema.ts";
import type { JsonSchema, Shape, StandardSchemaV1 } from "../schema.ts";

export interface ToolContext {
  /** Aborts when the agent is stopped. */
  readonly signal: AbortSignal;
}

interface ToolOptions<Args> {
  /** Letters, digits, `_` and `-`, at most 64: what every model's API accepts. */
  readonly name: string;
  /** What it does and when to use it, for the model. */
  readonly description: string;
  /** What it returns is what the model reads: text as it is, anything else as JSON. What it throws is told to the model. */
  readonly run: (args: Args, context: ToolContext) => unknown;
}

/** A tool that runs in the agent's own program. The kernel's tools need no definition: they are named. */
export interface LocalTool {
  readonly name: string;
  readonly description: string;
  readonly parameters: Shape<unknown>;
  readonly run: (args: never, context: ToolContext) => unknown;
}

/**
 * A function that the model may call; `parameters` is a schema of any library with Standard Schema, or a JSON Schema.
 * @throws SysError EINVAL when no model's API would take the name or the schema.
 */
export function defineTool<Args>(
  options: ToolOptions<Args> & { readonly parameters: StandardSchemaV1<unknown, Args> },
): LocalTool;
export function defineTool(
  options: ToolOptions<Record<string, unknown>> & { readonly parameters: JsonSchema },
): LocalTool;
export function defineTool({
  name,
  description,
  parameters,
  run,
}: ToolOptions<never> & { readonly parameters: StandardSchemaV1 | JsonSchema }): LocalTool {
  if (!/^[a-zA-Z0-9_-]{1,64}$/.test(name))
    throw new SysError("EINVAL", `${JSON.stringify(name)} is no name for a tool`, {
      hint: "Use letters, digits, _ and -, at most 64.",
    });
  const shape = shapeOf<unknown>(parameters, `the tool ${name}`);
  if (shape.jsonSchema["type"] !== "object")
    throw new SysError("EINVAL", `the parameters of the tool ${name} are not an object`);
  return { name, description, parameters: shape, run };
}
