import { instantText } from "../instant-text.ts";
import { limitText } from "../limit-text.ts";
import { keyText } from "../messages/keys.ts";
import type { ContextOf } from "../registry.ts";
import { table } from "../table.ts";

export async function run(context: ContextOf<"key ls">): Promise<void> {
  const { t } = context;
  const client = await context.client();
  const { keys } = await client.key.list();
  if (keys.length === 0) context.say(t(keyText.none));
  context.result(keys, () =>
    keys.length === 0
      ? ""
      : table(
          keys,
          [
            { title: t(keyText.id), text: ({ id }) => id, rank: 0 },
            { title: t(keyText.tenant), text: ({ tenant }) => tenant, rank: 0 },
            { title: t(keyText.scopes), text: ({ scopes }) => scopes.join(" "), rank: 1, least: 12 },
            { title: t(keyText.limits), text: ({ limits }) => limits.map(limitText).join(" "), rank: 2, least: 12 },
            { title: t(keyText.created), text: ({ createdAt }) => instantText(createdAt), rank: 3 },
            {
              title: t(keyText.expires),
              text: ({ expiresAt }) => (expiresAt === null ? t(keyText.never) : instantText(expiresAt)),
              rank: 2,
            },
          ],
          context,
        ),
  );
}
