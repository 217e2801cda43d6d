import { CliError, usage } from "../cli-error.ts";
import { parseLimit } from "../limit-text.ts";
import { keyText } from "../messages/keys.ts";
import type { ContextOf } from "../registry.ts";

type Context = ContextOf<"key new">;

export async function run(context: Context): Promise<void> {
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

const units = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function durationMs(text: string, { t }: Context): number {
  const match = /^(\d+(?:\.\d+)?)(m|h|d)$/.exec(text);
  const ms = match ? Math.round(Number(match[1]) * units[match[2] as keyof typeof units]) : 0;
  if (ms > 0) return ms;
  throw new CliError(usage, t(keyText.wrongTime, { value: text }), { hint: t(keyText.wrongTimeHint) });
}
