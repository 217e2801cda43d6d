import { text as textOf } from "node:stream/consumers";
import { CliError, usage } from "../cli-error.ts";
import { memText } from "../messages/mem.ts";
import type { ContextOf } from "../registry.ts";

export async function run(context: ContextOf<"mem add">): Promise<void> {
  const { args, options, t, signal } = context;
  const { namespace, tag, keyword, tier, importance, uri, build, pin } = options;
  const isStdin = args.text.length === 1 && args.text[0] === "-";
  const content = isStdin ? (await textOf(process.stdin)).trimEnd() : args.text.join(" ");
  if (content.trim() === "") throw new CliError(usage, t(memText.empty), { hint: t(memText.emptyHint) });
  const client = await context.client();
  const added = await client.mem.add(
    {
      content,
      tier,
      importance,
      build,
      isPinned: pin,
      ...(namespace !== undefined && { namespace }),
      ...(tag.length > 0 && { tags: [...tag] }),
      ...(keyword.length > 0 && { keywords: [...keyword] }),
      ...(uri !== undefined && { uri }),
    },
    { signal },
  );
  if (added.why !== undefined) context.say(t(memText.noModel, { why: added.why }));
  if (added.evolved.length > 0) context.say(t(memText.evolved, { ids: added.evolved.join(", ") }));
  context.result(added, () => added.id);
}
