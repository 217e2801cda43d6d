import { instantText } from "../instant-text.ts";
import { sandboxText } from "../messages/sandbox.ts";
import type { ContextOf } from "../registry.ts";
import { table } from "../table.ts";

export async function run(context: ContextOf<"sandbox ls">): Promise<void> {
  const { t } = context;
  const { sandboxes } = await (await context.client()).sandbox.list();
  if (sandboxes.length === 0) context.say(t(sandboxText.none));
  context.result(sandboxes, () =>
    sandboxes.length === 0
      ? ""
      : table(
          sandboxes,
          [
            { title: t(sandboxText.sandbox), rank: 0, text: ({ sandbox }) => sandbox },
            { title: t(sandboxText.process), rank: 0, text: ({ pid }) => pid },
            { title: t(sandboxText.driver), rank: 2, text: ({ driver }) => driver },
            { title: t(sandboxText.tier), rank: 1, text: ({ tier }) => tier },
            { title: t(sandboxText.commands), rank: 1, text: ({ commands }) => String(commands) },
            {
              title: t(sandboxText.network),
              rank: 2,
              text: ({ hasEgress }) => t(hasEgress ? sandboxText.egress : sandboxText.closed),
            },
            { title: t(sandboxText.created), rank: 3, text: ({ createdAt }) => instantText(createdAt) },
          ],
          context,
        ),
  );
}
