import type { Labels, NoteDescription } from "@aiosjs/sdk/protocol";
import { z } from "zod";
import { askOnce } from "./ask.ts";
import type { Ask } from "./ask.ts";
import { bounds } from "./bounds.ts";
import { extractDescription } from "./extract.ts";
import { listForm, objectForm, textForm } from "./json-form.ts";
import { fenced, LANGUAGE, marked, NOTES_ARE_DATA, shownContent } from "./prompt.ts";
import { distinct, oneLine } from "./text.ts";

/** UTF-16 units of the content that the prompt carries. */
const MAX_CONTENT = 8_000;

export const DESCRIBE_INSTRUCTIONS = `You describe a note for a memory in which it is to be found again. Say what the note is about, from its content alone; add nothing that it does not say.
${NOTES_ARE_DATA}
${LANGUAGE}
Answer with one JSON object of exactly the members that are asked for, and nothing else.`;

/** What the caller says of the note. */
type Given = { readonly [Member in keyof NoteDescription]?: NoteDescription[Member] | undefined };

interface Described {
  readonly description: NoteDescription;
  /** `caller`: everything was given, nobody was asked. */
  readonly by: "model" | "extraction" | "caller";
  /** Why no model described it. */
  readonly why?: string;
}

/**
 * Describes a note by one structured model call, or, where the call does not answer as asked, by extraction from the text.
 * What the caller gives stands as it was given (an empty list, too): only what is absent is asked for, and nothing is asked
 * where nothing is absent.
 * @throws SysError as `askOnce` does: the call was cancelled, fenced or diverged
 */
export async function describeNote(
  { content, given = {}, labels }: { content: string; given?: Given; labels?: Labels | undefined },
  ask: Ask | undefined,
): Promise<Described> {
  const missing = members.filter((member) => given[member] === undefined);
  const whole = (made: Given): NoteDescription => ({
    keywords: given.keywords ?? made.keywords ?? [],
    tags: given.tags ?? made.tags ?? [],
    context: given.context ?? made.context ?? "",
    category: given.category ?? made.category ?? "",
  });
  if (missing.length === 0) return { description: whole({}), by: "caller" };
  const answer = await askOnce(
    {
      instructions: DESCRIBE_INSTRUCTIONS,
      material: describeMaterial({ content, given, labels, missing }),
      form: {
        name: "note_description",
        schema: objectForm(Object.fromEntries(missing.map((member) => [member, descriptionForms[member]]))),
      },
      answer: answerSchema.refine(
        (value) => missing.every((member) => value[member] !== undefined),
        "a member is missing",
      ),
      maxTokens: 500,
    },
    ask,
  );
  return answer.is === "answered"
    ? { description: whole(answer.value), by: "model" }
    : { description: whole(extractDescription(content)), by: "extraction", why: answer.why };
}

const members = ["keywords", "tags", "context", "category"] as const;

export const descriptionForms = {
  keywords: listForm(
    textForm("a word or short phrase of the content"),
    `${bounds.keywords.most} at most, the most telling first: names, things, actions; no general words`,
  ),
  tags: listForm(
    textForm("a broad subject, in lower case"),
    `${bounds.tags.most} at most: fields, kinds, places; may be empty`,
  ),
  context: textForm("one sentence: what the note is about, and what it is good for"),
  category: textForm("one or two words: the kind of note, such as preference, fact, event, plan, question, code"),
} as const;

const line = (max: number) => z.string().transform((text) => oneLine(text, max));
/** A model's description in its bounds: lines without control characters, none empty, none twice. */
export const describedSchema = z.object({
  keywords: z
    .array(z.string())
    .transform((texts) => distinct(texts, bounds.keywords))
    .refine((texts) => texts.length > 0, "none"),
  tags: z.array(z.string()).transform((texts) => distinct(texts, bounds.tags)),
  context: line(bounds.context).refine(Boolean, "empty"),
  category: line(bounds.category).refine(Boolean, "empty"),
});
const answerSchema = describedSchema.partial();

const describeMaterial = ({
  content,
  given,
  labels,
  missing,
}: {
  content: string;
  given: Given;
  labels: Labels | undefined;
  missing: readonly string[];
}): string =>
  `The note:\n${fenced({
    ...marked(labels),
    ...shownContent(content, MAX_CONTENT),
    ...(given.context === undefined ? {} : { context: oneLine(given.context, bounds.context) }),
    ...(given.keywords === undefined ? {} : { keywords: distinct(given.keywords, bounds.keywords) }),
    ...(given.tags === undefined ? {} : { tags: distinct(given.tags, bounds.tags) }),
    ...(given.category === undefined ? {} : { category: oneLine(given.category, bounds.category) }),
  })}\nWhat is asked for: ${missing.join(", ")}.`;
