import { text as readAll } from "node:stream/consumers";
import { asTenantId } from "@aiosjs/sdk/protocol";
import { readSecretHost } from "../../config/secret-host.ts";
import { checkSecretName, findSecret, storeSecret } from "../../config/secret-store.ts";
import { CliError, usage } from "../cli-error.ts";
import { secretText } from "../messages/secret.ts";
import type { ContextOf } from "../registry.ts";

type Context = ContextOf<"secret set">;

export async function run(context: Context): Promise<number | void> {
  const { args, options, home, t } = context;
  const name = checkSecretName(args.name);
  const tenant = asTenantId(options.tenant);
  const before = findSecret(home.dir, { tenant, name });
  const hosts = options.host.length > 0 ? options.host.map(readSecretHost) : before?.hosts;
  if (hosts === undefined)
    throw new CliError(usage, t(secretText.noHost, { name }), { hint: t(secretText.noHostHint, { name }) });
  const given = await valueOf(context, { name, isNew: before === undefined });
  if (given === undefined) {
    context.say(t(secretText.nothingKept));
    return 130;
  }
  const value = given === "" ? before?.value : given;
  if (value === undefined)
    throw new CliError(usage, t(secretText.noValue, { name }), { hint: t(secretText.noValueHint, { name }) });
  await storeSecret(home.dir, { name, tenant, value, hosts, setAt: new Date().toISOString() });
  context.result({ name, tenant, hosts }, () => "");
  context.say(t(secretText.kept, { name, hosts: hosts.join(", ") }));
  const plain = hosts.filter((host) => host.startsWith("http://"));
  if (plain.length > 0) context.say(t(secretText.plainHttp, { hosts: plain.join(", ") }));
  if (!before) context.say(t(secretText.grant));
}

/** Without the line end that a pipe brings; "" where none was given, undefined where the person left. */
async function valueOf(
  { isTty, t, signal }: Context,
  { name, isNew }: { name: string; isNew: boolean },
): Promise<string | undefined> {
  if (!isTty) return process.stdin.isTTY ? "" : (await readAll(process.stdin)).replace(/\r?\n$/, "");
  const { isCancel, password } = await import("@clack/prompts");
  const message = t(isNew ? secretText.whichValue : secretText.whichNewValue, { name });
  const typed = await password({ message, mask: "•", signal });
  return isCancel(typed) ? undefined : (typed ?? "").trim();
}
