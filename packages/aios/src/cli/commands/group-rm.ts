import { CliError, notFound } from "../cli-error.ts";
import { groupText } from "../messages/group.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"group rm">): Promise<void> {
  const { args, t } = context;
  const client = await context.client();
  for (const group of args.groups) {
    const { deleted } = await client.group.delete({ group });
    if (!deleted) throw new CliError(notFound, t(groupText.unknown, { group }), { hint: t(groupText.lists) });
    context.say(t(groupText.deleted, { group }));
  }
  context.result({ deleted: [...args.groups] }, () => "");
}
