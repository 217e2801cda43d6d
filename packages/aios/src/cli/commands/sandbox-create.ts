import type { ContextOf } from "../registry.ts";
import { sandboxLimits } from "../sandbox-limits.ts";

export async function run(context: ContextOf<"sandbox create">): Promise<void> {
  const { options, signal } = context;
  const made = await (await context.client()).sandbox.create(sandboxLimits(options), { signal });
  context.result(made, () => made.sandbox);
}
