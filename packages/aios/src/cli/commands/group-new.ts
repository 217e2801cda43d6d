import { groupText } from "../messages/group.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"group new">): Promise<void> {
  const { args, t } = context;
  const { group } = args;
  const { created } = await (await context.client()).group.create({ group });
  context.result({ group, created }, () => "");
  context.say(t(created ? groupText.made : groupText.was, { group }));
}
