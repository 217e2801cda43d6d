import { SysError, trustLevels } from "@aiosjs/sdk/protocol";
import type { Labels, NoteDescription, NoteLink, ParsedArgsOf } from "@aiosjs/sdk/protocol";
import type { KernelCall } from "./devices/device.ts";
import { join, labelOf, labelsFrom, neutral } from "./gate/label.ts";
import type { Label } from "./gate/label.ts";
import { personal, spokenBy } from "./gate/speaker.ts";
import type { JournalRecord, NoteBody, NoteRow } from "./ports.ts";

/** What somebody says of a note. */
export type Said = Omit<ParsedArgsOf<"mem.update">, "id" | "ifVersion">;
type Writer = Pick<KernelCall, "parts" | "record" | "principal">;

export const ofNote = (row: NoteRow): JournalRecord => ({ kind: "note", row });

export const newNoteId = ({ parts }: Pick<KernelCall, "parts">): string => `n${parts.random.text(14)}`;

/** The first version of a note, written by this call. */
export function newNote(body: NoteBody, { namespace, id }: { namespace: string; id: string }, by: Writer): NoteRow {
  const atMs = by.parts.clock.nowMs();
  const { process, withinSeq: seq } = by.record;
  const { tenant, pid } = process;
  return { id, tenant, namespace, version: 1, body, createdAtMs: atMs, atMs, pid, seq, isRemoved: false };
}

/** The next version of a note, written by this call. */
export function nextVersion(row: NoteRow, body: NoteBody, { parts, record }: Writer): NoteRow {
  const { id, tenant, namespace, version, createdAtMs } = row;
  const source = { ...body.source, pid: record.process.pid, call: record.call };
  const written = { pid: record.process.pid, seq: record.withinSeq, atMs: parts.clock.nowMs(), isRemoved: false };
  return { id, tenant, namespace, version: version + 1, body: { ...body, source }, createdAtMs, ...written };
}

const without = (links: readonly NoteLink[], id: string): NoteLink[] => links.filter(({ to }) => to !== id);

export const linkedNote = (row: NoteRow, link: NoteLink, by: Writer): NoteRow =>
  nextVersion(row, { ...row.body, links: [...without(row.body.links, link.to), link] }, by);

export const unlinkedNote = (row: NoteRow, id: string, by: Writer): NoteRow =>
  nextVersion(row, { ...row.body, links: without(row.body.links, id) }, by);

/** A note as somebody says it; what they do not say stays as it was, or is told by `describe` from the text. */
export function noteBody(
  said: Said,
  { before, describe }: { before?: NoteBody; describe: (content: string) => NoteDescription },
  by: Writer,
): NoteBody {
  const { content = before?.content ?? "", uri, labels, ...rest } = said;
  // Of a text that was changed, what tells its content is told anew.
  const told = before && said.content === undefined ? before : describe(content);
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const { keywords, tags, context, category } = said;
  const isReworded = [said.content, keywords, tags, context, category].some((text) => text !== undefined);
  return {
    links: before?.links ?? [],
    importance: before?.importance ?? 0.5,
    tier: before?.tier ?? "long-term",
    isPinned: before?.isPinned ?? false,
    keywords: told.keywords,
    tags: before?.tags ?? told.tags,
    context: told.context,
    category: before?.category ?? told.category,
    ...(given as Partial<NoteBody>),
    content,
    labels: labelsOf(labels, { before: before?.labels, isReworded }, by),
    source: { pid: by.record.process.pid, call: by.record.call, uri: uri ?? before?.source.uri ?? "" },
  };
}

/**
 * What a process writes is at most of the workspace, less where it has seen less trusted things, and as confidential as what it
 * has seen. It may say that a tool said it, of a new note; a person's key may say that a person did, of any. Who changes the
 * words of a note leaves it no more trusted than they are; only a person lets more people hear of it.
 * @throws SysError EACCES
 */
export function labelsOf(
  wanted: Labels | undefined,
  { before, isReworded }: { before: Labels | undefined; isReworded: boolean },
  { principal, record: { process } }: Writer,
): Labels {
  const isPerson = principal.pid === null;
  const own = ownLabel(process, principal);
  if (wanted) {
    const most = isPerson ? "user" : (before?.trust ?? "tool");
    const bound = isPerson ? most : lessTrusted(most, "tool");
    if (lessTrusted(wanted.trust, bound) !== wanted.trust)
      throw new SysError(
        "EACCES",
        `${isPerson ? "a key" : "a process"} cannot say that a note is as trusted as ${wanted.trust}`,
        { hint: `${most} is the most here` },
      );
    if (isPerson) return wanted;
    const { confidentiality, readers } = join(labelOf(wanted), join(own, before ? labelOf(before) : neutral));
    // What it has seen less trusted things for cannot be undone by its word.
    const trust = lessTrusted(wanted.trust, own.trust);
    return { trust, confidentiality, ...(readers ? { readers: [...readers] } : {}) };
  }
  if (!before) return labelsFrom(own);
  return {
    ...labelsFrom(join(labelOf(before), own)),
    trust: isReworded ? lessTrusted(before.trust, own.trust) : before.trust,
  };
}

function ownLabel(process: Writer["record"]["process"], principal: Writer["principal"]): Label {
  if (process.kind === "kernel" && principal.pid === null) return personal;
  return join(spokenBy(process), { ...neutral, trust: "workspace", confidentiality: "internal" });
}

const lessTrusted = (one: Labels["trust"], other: Labels["trust"]): Labels["trust"] =>
  trustLevels.indexOf(one) < trustLevels.indexOf(other) ? other : one;

/** What was said elsewhere is no more trusted than who brings it; a process that brings it has seen what it has seen. */
export function importedLabels(labels: Labels, { principal, record: { process } }: Writer): Labels {
  if (principal.pid === null) return { ...labels, trust: lessTrusted(labels.trust, "user") };
  const { confidentiality, readers } = join(labelOf(labels), ownLabel(process, principal));
  return {
    trust: lessTrusted(labels.trust, "untrusted"),
    confidentiality,
    ...(readers ? { readers: [...readers] } : {}),
  };
}
