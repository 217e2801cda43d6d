import type { ContextOf } from "../registry.ts";
import { placeOf, showEvent } from "../topic-event.ts";

/** How long the kernel is asked to wait for the next event at a time. */
const waitMs = 30_000;

export async function run(context: ContextOf<"topic tail">): Promise<void> {
  const { args, options, signal } = context;
  const client = await context.client();
  let from = placeOf(options.from ?? "now", context);
  for (;;) {
    const page = await client.topic.peek({ pattern: args.pattern, from, limit: 1_000, timeoutMs: waitMs }, { signal });
    for (const event of page.events) showEvent(event, context);
    from = page.next;
  }
}
