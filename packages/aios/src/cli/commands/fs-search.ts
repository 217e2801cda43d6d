import type { ResultOf } from "@aiosjs/sdk";
import { onFiles } from "../file-calls.ts";
import { momentText, nameText } from "../file-text.ts";
import { fsText } from "../messages/fs.ts";
import { contentLine } from "../note-text.ts";
import type { ContextOf } from "../registry.ts";

type Context = ContextOf<"fs search">;
type Found = ResultOf<"fs.search">;

const indent = " ".repeat(6);

export async function run(context: Context): Promise<void> {
  const { args, options, t, signal } = context;
  const { limit, kind, under, literal } = options;
  const asked = {
    query: args.query.join(" "),
    limit,
    isLiteral: literal,
    ...(kind.length > 0 && { kinds: [...kind] }),
    ...(under.length > 0 && { folders: [...under] }),
  };
  const found = await onFiles(context, (fs) => fs.search(asked, { signal }));
  const narrowed = narrowedText(found, context);
  if (narrowed.length > 1) context.say(t(fsText.understood, { what: narrowed.join(", ") }));
  if (found.hits.length === 0) context.say(t(fsText.nothingFound));
  context.result(found.hits, () => found.hits.map((hit) => hitText(hit, context)).join("\n"));
}

/** How the request was understood, where it was more than words. */
function narrowedText({ asked }: Found, { t }: Context): string[] {
  const { text, kinds, extensions, editedFromMs, editedToMs, folder, by } = asked;
  return [
    JSON.stringify(text),
    ...kinds,
    ...extensions.map((extension) => `.${extension}`),
    ...(editedFromMs === null ? [] : [t(fsText.askedFrom, { time: momentText(editedFromMs) })]),
    ...(editedToMs === null ? [] : [t(fsText.askedTo, { time: momentText(editedToMs) })]),
    ...(folder === null ? [] : [t(fsText.askedIn, { folder })]),
    ...(by === null ? [] : [t(fsText.askedBy, { by })]),
  ];
}

function hitText({ path, score, editedAt, snippet }: Found["hits"][number], { paint, width }: Context): string {
  const first = `${score.toFixed(2)}  ${paint.strong(nameText(path))}  ${paint.dim(momentText(editedAt))}`;
  return snippet === null ? first : `${first}\n${indent}${contentLine({ content: snippet }, width - indent.length)}`;
}
