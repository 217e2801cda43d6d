import { memText } from "../messages/mem.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"mem unlink">): Promise<void> {
  const { args, t } = context;
  const { from, to } = args;
  const { unlinked } = await (await context.client()).mem.unlink({ from, to });
  context.say(t(unlinked ? memText.unlinked : memText.notLinked, { from, to }));
  context.result({ from, to, unlinked }, () => "");
}
