import { cronText } from "../messages/cron.ts";
import type { ContextOf } from "../registry.ts";
import { findTimer } from "../timers.ts";

export async function run(context: ContextOf<"cron rm">): Promise<void> {
  const { args, t } = context;
  const client = await context.client();
  const removed: string[] = [];
  for (const text of args.timers) {
    const { id, name } = await findTimer(client, text, context);
    await client.cron.remove({ id });
    removed.push(id);
    context.say(t(cronText.removed, { name }));
  }
  context.result({ removed }, () => "");
}
