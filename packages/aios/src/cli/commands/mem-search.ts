import type { ResultOf } from "@aiosjs/sdk";
import { shortTime } from "../../tui/figures.ts";
import { memText } from "../messages/mem.ts";
import { filtersOf } from "../note-filters.ts";
import { contentLine } from "../note-text.ts";
import type { ContextOf } from "../registry.ts";

type Context = ContextOf<"mem search">;
type Hit = ResultOf<"mem.search">["hits"][number];

const indent = " ".repeat(6);

export async function run(context: Context): Promise<void> {
  const { args, options, t, signal } = context;
  const { limit, by } = options;
  const filters = filtersOf(options, context);
  const client = await context.client();
  const { hits, why } = await client.mem.search({ query: args.query.join(" "), limit, by, ...filters }, { signal });
  if (why !== undefined) context.say(why);
  if (hits.length === 0) context.say(t(memText.nothing));
  context.result(hits, () => hits.map((hit) => hitText(hit, context)).join("\n"));
}

function hitText({ note, score, why }: Hit, { t, paint, width }: Context): string {
  const reasons = [
    ...(why.words ? [t(memText.byWords)] : []),
    ...(why.vectors ? [t(memText.byVectors)] : []),
    ...(why.link ? [t(memText.byLink, { from: why.link.from })] : []),
  ].join(" + ");
  const age = t(memText.age, { time: shortTime(Date.now() - note.createdAt) });
  return [
    `${score.toFixed(2)}  ${paint.strong(note.id)}  ${paint.dim(`${age}  ${reasons}`)}`,
    `${indent}${contentLine(note, width - indent.length)}`,
  ].join("\n");
}
