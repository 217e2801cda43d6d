import { lookFor, onFiles } from "../file-calls.ts";
import { changeText, momentText, nameText } from "../file-text.ts";
import { fsText } from "../messages/fs.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"fs watch">): Promise<void> {
  const { args, t, signal, paint } = context;
  const { path = "/shared" } = args;
  for (let after: { readonly afterChange?: number } = {}; ;) {
    const watch = { path, ...after };
    const { changes, lastChange } = await onFiles(context, (fs) => fs.watch(watch, { signal }), lookFor(path, context));
    for (const change of changes)
      context.item(change, () => {
        const by = change.pid ?? t(fsText.outside);
        const what = change.pid === null && change.kind === "file" ? "" : `  ${changeText(change, context)}`;
        return `${paint.dim(momentText(change.at))}  ${paint.strong(nameText(change.path))}  @${change.version}${what}  ${by}`;
      });
    after = { afterChange: lastChange };
  }
}
