import { durationMs } from "../duration.ts";
import { groupText } from "../messages/group.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"group add">): Promise<void> {
  const { args, options, t } = context;
  const { group, members } = args;
  const how = {
    access: options.readOnly ? ("read" as const) : ("write" as const),
    shares: options.share,
    ...(options.expires === undefined ? {} : { expiresInMs: durationMs(options.expires, context) }),
  };
  const client = await context.client();
  for (const member of members) {
    await client.group.add({ group, member, ...how });
    context.say(t(groupText.added, { member, group }));
  }
  context.result({ group, members: [...members], ...how }, () => "");
}
