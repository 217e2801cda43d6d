import { groupText } from "../messages/group.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"group share">): Promise<void> {
  const { args, options, t } = context;
  const { group, member } = args;
  const shares = !options.stop;
  await (await context.client()).group.share({ group, shares, ...(member === undefined ? {} : { member }) });
  context.result({ group, member: member ?? null, shares }, () => "");
  context.say(t(shares ? groupText.shares : groupText.stopped, { group, member: member ?? t(groupText.itself) }));
}
