import { asTenantId } from "@aiosjs/sdk/protocol";
import { removeSecret } from "../../config/secret-store.ts";
import { CliError, notFound } from "../cli-error.ts";
import { secretText } from "../messages/secret.ts";
import type { ContextOf } from "../registry.ts";

export async function run({ args, options, home, t, say, result }: ContextOf<"secret rm">): Promise<void> {
  const [{ name }, { tenant }] = [args, options];
  if (!(await removeSecret(home.dir, { name, tenant: asTenantId(tenant) })))
    throw new CliError(notFound, t(secretText.notKept, { name, tenant }), { hint: t(secretText.notKeptHint) });
  result({ name, tenant }, () => "");
  say(t(secretText.removed, { name }));
}
