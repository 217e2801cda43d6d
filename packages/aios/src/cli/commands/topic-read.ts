import { topicText } from "../messages/topic.ts";
import type { ContextOf } from "../registry.ts";
import { placeOf, showEvent } from "../topic-event.ts";

export async function run(context: ContextOf<"topic read">): Promise<void> {
  const { args, options, t, signal } = context;
  const { name } = args;
  const client = await context.client();
  if (options.pattern !== undefined)
    await client.topic.subscribe({ name, pattern: options.pattern, from: placeOf(options.from ?? "start", context) });
  // Whoever was interrupted before the acknowledgement is told again.
  const { events } = await client.topic.read({ name, limit: options.limit, timeoutMs: 1, again: true }, { signal });
  for (const event of events) showEvent(event, context);
  const last = events.at(-1);
  if (last && !options.keep) await client.topic.ack({ name, seq: last.seq });
  if (!last) context.say(t(topicText.nothing, { name }));
}
