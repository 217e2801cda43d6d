import { topicText } from "../messages/topic.ts";
import type { ContextOf } from "../registry.ts";
import { table } from "../table.ts";

const PAGE = 1_000;

export async function run(context: ContextOf<"topic ls">): Promise<void> {
  const { t } = context;
  const client = await context.client();
  const all: Awaited<ReturnType<typeof client.topic.list>>["subscriptions"] = [];
  for (;;) {
    const after = all.at(-1)?.name;
    const { subscriptions } = await client.topic.list({ limit: PAGE, ...(after === undefined ? {} : { after }) });
    all.push(...subscriptions);
    if (subscriptions.length < PAGE) break;
  }
  if (all.length === 0) context.say(t(topicText.none));
  context.result(all, () =>
    all.length === 0
      ? ""
      : table(
          all,
          [
            { title: t(topicText.name), text: ({ name }) => name, rank: 0, least: 12 },
            { title: t(topicText.pattern), text: ({ pattern }) => pattern, rank: 1, least: 12 },
            { title: t(topicText.lag), text: ({ lag }) => (lag >= 1_000 ? "1000+" : String(lag)), rank: 0 },
            { title: t(topicText.reader), text: ({ reader }) => reader ?? "–", rank: 1 },
            { title: t(topicText.position), text: ({ position }) => String(position), rank: 2 },
          ],
          context,
        ),
  );
}
