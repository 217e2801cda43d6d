import { CliError, notFound } from "../cli-error.ts";
import { memText } from "../messages/mem.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"mem rm">): Promise<void> {
  const { args, t } = context;
  const client = await context.client();
  const done: string[] = [];
  for (const id of args.ids) {
    const { removed } = await client.mem.remove({ id });
    if (!removed) throw new CliError(notFound, t(memText.unknown, { id }), { hint: t(memText.unknownHint) });
    done.push(id);
    context.say(t(memText.removed, { id }));
  }
  context.result({ removed: done }, () => "");
}
