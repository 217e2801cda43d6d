import { memText } from "../messages/mem.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"mem link">): Promise<void> {
  const { args, options, t } = context;
  const { from, to } = args;
  const { strength, why = "" } = options;
  await (await context.client()).mem.link({ from, to, strength, why });
  context.say(t(memText.linked, { from, to }));
  context.result({ from, to, strength, why }, () => "");
}
