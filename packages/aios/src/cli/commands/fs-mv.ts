import { lookFor, onFiles } from "../file-calls.ts";
import { targetOf } from "../file-target.ts";
import { fsText } from "../messages/fs.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"fs mv">): Promise<void> {
  const { args, t, signal } = context;
  const { from } = args;
  const to = targetOf(args);
  const { moved } = await onFiles(context, (fs) => fs.move({ from, to }, { signal }), lookFor(from, context));
  context.say(t(fsText.moved, { to, count: moved }));
  context.result({ from, to, moved }, () => "");
}
