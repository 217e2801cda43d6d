import { lookFor, onFiles } from "../file-calls.ts";
import { targetOf } from "../file-target.ts";
import { fsText } from "../messages/fs.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"fs cp">): Promise<void> {
  const { args, t, signal } = context;
  const { from } = args;
  const to = targetOf(args);
  const { copied } = await onFiles(context, (fs) => fs.copy({ from, to }, { signal }), lookFor(from, context));
  context.say(t(fsText.copied, { to, count: copied }));
  context.result({ from, to, copied }, () => "");
}
