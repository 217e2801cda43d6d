import { durationMs } from "../duration.ts";
import { lookFor, onFiles } from "../file-calls.ts";
import { momentText } from "../file-text.ts";
import { isOfThisMachine, linkAddress } from "../link-address.ts";
import { fsText } from "../messages/fs.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"fs share">): Promise<void> {
  const { args, options, t, signal } = context;
  const { version } = options;
  const how = {
    path: args.path,
    ...(options.for !== undefined && { forMs: durationMs(options.for, context) }),
    ...(version !== undefined && { version }),
  };
  const made = await onFiles(context, (fs) => fs.share(how, { signal }), lookFor(args.path, context));
  const { id, link, path, expiresAt } = made;
  const url = await linkAddress(link, context);
  context.result({ id, url, path, version: made.version, expiresAt }, () => url);
  context.say(t(fsText.shared, { path, until: momentText(expiresAt), id }));
  if (isOfThisMachine(url)) context.say(t(fsText.sharedHere));
}
