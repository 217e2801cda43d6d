import { text as textOf } from "node:stream/consumers";
import { topicText } from "../messages/topic.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"topic publish">): Promise<void> {
  const { args, t, signal } = context;
  const body = bodyOf(args.body === "-" ? await textOf(process.stdin) : args.body);
  const client = await context.client();
  const { seq } = await client.topic.publish({ topic: args.topic, body }, { signal });
  context.result({ seq }, () => t(topicText.published, { seq }));
}

/** What is no JSON is text. */
function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
