import { keyText } from "../messages/keys.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"key revoke">): Promise<void> {
  const id = /^aios_sk_([0-9a-z]+)_/.exec(context.args.id)?.[1] ?? context.args.id;
  const client = await context.client();
  await client.key.revoke({ id });
  context.result({ id }, () => "");
  context.say(context.t(keyText.revoked, { id }));
}
