import { CliError, notFound } from "../cli-error.ts";
import { onFiles } from "../file-calls.ts";
import { fsText } from "../messages/fs.ts";
import type { ContextOf } from "../registry.ts";

/** As the kernel makes them; a link has its id in it. */
const isId = /^s[0-9a-z]{15}$/;
const inLink = /^https?:\/\/[^/]+\/s\/([0-9a-z]+)\./;

export async function run(context: ContextOf<"fs unshare">): Promise<void> {
  const { args, t } = context;
  let ended = 0;
  for (const what of args.links) {
    const count = await end(what, context);
    if (count === 0) throw new CliError(notFound, t(fsText.noShare, { what }), { hint: t(fsText.noShareHint) });
    ended += count;
    context.say(t(fsText.unshared, { what, count }));
  }
  context.result({ ended }, () => "");
}

/** What looks like an id may be the name of a file. */
async function end(what: string, context: ContextOf<"fs unshare">): Promise<number> {
  const { signal } = context;
  const id = inLink.exec(what)?.[1] ?? isId.exec(what)?.[0];
  const of = async (args: { id: string } | { path: string }): Promise<number> =>
    (await onFiles(context, (fs) => fs.unshare(args, { signal }))).ended;
  const byId = id === undefined ? 0 : await of({ id });
  return byId > 0 || inLink.test(what) ? byId : of({ path: what });
}
