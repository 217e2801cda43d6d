import { MAX_SHARE_MS } from "@aiosjs/sdk/protocol";
import { CliError, usage } from "../cli-error.ts";
import { durationMs } from "../duration.ts";
import { lookFor, onFiles } from "../file-calls.ts";
import { momentText } from "../file-text.ts";
import { isOfThisMachine, linkAddress } from "../link-address.ts";
import { fsText } from "../messages/fs.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"fs share">): Promise<void> {
  const { args, options, t, signal } = context;
  const { version } = options;
  const forMs = options.for === undefined ? undefined : durationMs(options.for, context);
  if (forMs !== undefined && forMs > MAX_SHARE_MS)
    throw new CliError(usage, t(fsText.tooLong, { time: options.for ?? "" }), { hint: t(fsText.tooLongHint) });
  const how = {
    path: args.path,
    ...(forMs !== undefined && { forMs }),
    ...(version !== undefined && { version }),
  };
  const hint = version === undefined ? lookFor(args.path, context) : undefined;
  const made = await onFiles(context, (fs) => fs.share(how, { signal }), hint);
  const { id, link, path, expiresAt } = made;
  const url = await linkAddress(link, context);
  context.result({ id, url, path, version: made.version, expiresAt }, () => url);
  context.say(t(fsText.shared, { path, until: momentText(expiresAt), id }));
  if (isOfThisMachine(url)) context.say(t(fsText.sharedHere));
}
