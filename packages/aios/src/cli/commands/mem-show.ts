import { isSysError } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import type { Note } from "@aiosjs/sdk/protocol";
import { oneLine, plain } from "../../memory/text.ts";
import { shortTime } from "../../tui/figures.ts";
import { pad, widthOf, wrap } from "../../tui/width.ts";
import { memText } from "../messages/mem.ts";
import { contentLine, timeText } from "../note-text.ts";
import type { ContextOf } from "../registry.ts";

type Context = ContextOf<"mem show">;
type Linked = Note["links"][number] & { readonly note: Note | null };

export async function run(context: Context): Promise<void> {
  const client = await context.client();
  const note = await client.mem.get({ id: context.args.id });
  const links: Linked[] = [];
  for (const link of note.links.toSorted((left, right) => right.strength - left.strength))
    links.push({ ...link, note: await noteAt(link.to, client) });
  context.result(
    { ...note, links: links.map((link) => ({ ...link, content: link.note?.content ?? null, note: undefined })) },
    () =>
      [
        headOf(note, context),
        ...contentOf(note, context),
        "",
        ...factsOf(note, context),
        ...linksOf(links, context),
      ].join("\n"),
  );
}

async function noteAt(id: string, client: Client): Promise<Note | null> {
  try {
    return await client.mem.get({ id });
  } catch (cause) {
    if (isSysError(cause) && cause.code === "ENOENT") return null;
    throw cause;
  }
}

function headOf({ id, version, tier, isPinned }: Note, { t, paint }: Context): string {
  const more = [t(memText.version, { version }), tier, ...(isPinned ? [t(memText.pinned)] : [])];
  return `${paint.strong(id)}  ${paint.dim(more.join(" · "))}`;
}

const contentOf = ({ content }: Note, { width }: Context): string[] =>
  plain(content, Infinity)
    .split("\n")
    .flatMap((line) => (line.trim() === "" ? [""] : wrapped(line.replaceAll("\t", "  "), width)));

function factsOf(note: Note, { t, paint, width }: Context): string[] {
  const { labels, source, createdAt, updatedAt, accessedAt, retrievalCount } = note;
  const since = (ms: number): string => t(memText.ago, { when: timeText(ms), time: shortTime(Date.now() - ms) });
  const count = { count: retrievalCount, time: shortTime(Date.now() - accessedAt) };
  const facts: readonly (readonly [string, string])[] = [
    [t(memText.context), note.context],
    [t(memText.keywords), note.keywords.join(", ")],
    [t(memText.tags), note.tags.join(", ")],
    [t(memText.category), note.category],
    [t(memText.namespace), note.namespace],
    [t(memText.importance), String(note.importance)],
    [t(memText.labels), `${labels.trust}, ${labels.confidentiality}`],
    [t(memText.source), source.uri],
    [t(memText.writtenBy), t(memText.byProcess, source)],
    [t(memText.made), since(createdAt)],
    [t(memText.changed), note.version === 1 ? "" : since(updatedAt)],
    [t(memText.found), retrievalCount === 0 ? t(memText.never) : t(memText.times, count)],
  ];
  const told = facts.filter(([, value]) => value !== "");
  const labelWidth = Math.max(...told.map(([label]) => widthOf(label)));
  const indent = `\n${" ".repeat(labelWidth + 2)}`;
  return told.map(([label, value]) => {
    const lines = wrapped(oneLine(value, Infinity), width - labelWidth - 2);
    return `${paint.dim(pad(label, labelWidth))}  ${lines.join(indent)}`;
  });
}

const wrapped = (text: string, width: number): string[] => (Number.isFinite(width) ? wrap(text, width) : [text]);

function linksOf(links: readonly Linked[], { t, paint, width }: Context): string[] {
  if (links.length === 0) return [];
  const lines = links.map(({ to, strength, why, note }) => {
    const start = `  ${strength.toFixed(2)} ${to} `;
    const reason = why ? ` (${oneLine(why, 60)})` : "";
    const room = width - start.length - widthOf(reason);
    return `${start}${note ? contentLine(note, room) : paint.dim(t(memText.gone))}${paint.dim(reason)}`;
  });
  return [paint.dim(t(memText.links)), ...lines];
}
