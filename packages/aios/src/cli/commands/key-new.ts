import { durationMs } from "../duration.ts";
import { parseLimit } from "../limit-text.ts";
import { keyText } from "../messages/keys.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"key new">): Promise<void> {
  const { options, t } = context;
  const limits = options.limit.map(parseLimit);
  if (options.budgetUsd !== undefined) limits.push({ resource: "costUsd", window: "run", limit: options.budgetUsd });
  const scopes = options.scopes
    .flatMap((each) => each.split(","))
    .map((each) => each.trim())
    .filter(Boolean);
  const expiresInMs = options.expires === undefined ? undefined : durationMs(options.expires, context);
  const client = await context.client();
  const made = await client.key.create({
    limits,
    ...(options.tenant === undefined ? {} : { tenant: options.tenant }),
    ...(scopes.length === 0 ? {} : { scopes }),
    ...(expiresInMs === undefined ? {} : { expiresInMs }),
  });
  context.say(t(keyText.made, made));
  context.result(made, () => made.key);
  context.say(t(keyText.usage, await context.door()));
}
