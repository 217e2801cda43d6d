import { onFiles } from "../file-calls.ts";
import { fsText } from "../messages/fs.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"fs mkdir">): Promise<void> {
  const { args, t, signal } = context;
  const made = await onFiles(context, (fs) => fs.mkdir({ path: args.path }, { signal }));
  context.say(t(made.made ? fsText.made : fsText.wasThere, made));
  context.result(made, () => "");
}
