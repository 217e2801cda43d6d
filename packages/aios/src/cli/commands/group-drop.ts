import { CliError, notFound } from "../cli-error.ts";
import { groupText } from "../messages/group.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"group drop">): Promise<void> {
  const { args, t } = context;
  const { group, members } = args;
  const client = await context.client();
  for (const member of members) {
    const { removed } = await client.group.remove({ group, member });
    if (!removed) throw new CliError(notFound, t(groupText.notIn, { member, group }), { hint: t(groupText.lists) });
    context.say(t(groupText.dropped, { member, group }));
  }
  context.result({ group, removed: [...members] }, () => "");
}
