import type { ResultOf } from "@aiosjs/sdk";
import { oneLine } from "../../memory/text.ts";
import { fit, pad, widthOf } from "../../tui/width.ts";
import { memText } from "../messages/mem.ts";
import { timeText } from "../note-text.ts";
import type { ContextOf } from "../registry.ts";

type Context = ContextOf<"mem history">;
type Version = ResultOf<"mem.history">["versions"][number];

/** What is compared, and how it is told: of lists, what came and what went. */
const fields = {
  content: ({ content }) => content,
  context: ({ context }) => context,
  keywords: ({ keywords }) => keywords,
  tags: ({ tags }) => tags,
  category: ({ category }) => category,
  links: ({ links }) => links.map(({ to, strength }) => `${to} ${strength.toFixed(2)}`),
  importance: ({ importance }) => String(importance),
  tier: ({ tier }) => tier,
  isPinned: ({ isPinned }) => (isPinned ? "✓" : ""),
  labels: ({ labels }) => `${labels.trust}, ${labels.confidentiality}`,
  source: ({ source }) => source.uri,
} as const satisfies Partial<Record<keyof typeof memText, (version: Version) => string | readonly string[]>>;

export async function run(context: Context): Promise<void> {
  const { args, options, t, signal } = context;
  const client = await context.client();
  const { versions } = await client.mem.history({ id: args.id, limit: options.limit }, { signal });
  context.result(versions, () =>
    versions.map((version, index) => versionText(version, versions[index + 1], context)).join("\n"),
  );
  const oldest = versions.at(-1)?.version ?? 1;
  if (oldest > 1) context.say(t(memText.more, { limit: Math.min(200, options.limit * 2) }));
}

function versionText(version: Version, before: Version | undefined, { t, paint, width }: Context): string {
  const { source, updatedAt, isRemoved } = version;
  const what = isRemoved ? `  ${paint.bad(t(memText.removedThen))}` : "";
  const head = `${paint.strong(t(memText.version, version))}  ${timeText(updatedAt)}  ${paint.dim(t(memText.byProcess, source))}${what}`;
  if (isRemoved) return head;
  const labels = (Object.keys(fields) as (keyof typeof fields)[]).map((name) => [name, t(memText[name])] as const);
  const labelWidth = Math.max(...labels.map(([, label]) => widthOf(label)));
  const lines = labels.flatMap(([name, label]) => {
    const [was, is] = [before && fields[name](before), fields[name](version)];
    const told = changeText(was, is, width - labelWidth - 4);
    return told === "" ? [] : [`  ${paint.dim(pad(label, labelWidth))}  ${told}`];
  });
  return [head, ...(lines.length === 0 ? [`  ${paint.dim(t(memText.same))}`] : lines)].join("\n");
}

type Told = string | readonly string[];

function changeText(was: Told | undefined, is: Told, room: number): string {
  if (was === undefined) return shortened([is].flat().join(", "), room);
  if (typeof was !== "string" && typeof is !== "string") {
    const came = is.filter((one) => !was.includes(one)).map((one) => `+ ${one}`);
    const went = was.filter((one) => !is.includes(one)).map((one) => `− ${one}`);
    return shortened([...came, ...went].join(", "), room);
  }
  if (was === is) return "";
  const half = Math.floor((room - 3) / 2);
  return [was, is].map((one) => shortened([one].flat().join(", "), half) || "–").join(" → ");
}

const shortened = (text: string, width: number): string => fit(oneLine(text, 300), width);
