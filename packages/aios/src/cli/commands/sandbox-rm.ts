import { sandboxText } from "../messages/sandbox.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"sandbox rm">): Promise<void> {
  const { args, t, signal } = context;
  const { sandbox } = args;
  await (await context.client()).sandbox.remove({ sandbox }, { signal });
  context.result({ sandbox }, () => t(sandboxText.removed, { sandbox }));
}
