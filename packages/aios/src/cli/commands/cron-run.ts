import { cronText } from "../messages/cron.ts";
import type { ContextOf } from "../registry.ts";
import { findTimer } from "../timers.ts";

export async function run(context: ContextOf<"cron run">): Promise<void> {
  const { args, t } = context;
  const client = await context.client();
  const { id, name } = await findTimer(client, args.timer, context);
  const { pid } = await client.cron.run({ id });
  context.say(t(cronText.started, { name, pid }));
  context.result({ id, pid }, () => pid);
}
