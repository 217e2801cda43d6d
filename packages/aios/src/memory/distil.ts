import type { Labels, Note, NoteLink } from "@aiosjs/sdk/protocol";
import { z } from "zod";
import { askOnce } from "./ask.ts";
import type { Ask } from "./ask.ts";
import { describedSchema, descriptionForms } from "./describe.ts";
import type { Evolution } from "./evolution.ts";
import { objectForm, textForm } from "./json-form.ts";
import { joinLabels } from "./labels.ts";
import { fenced, fitMaterial, LANGUAGE, NOTES_ARE_DATA, shownNote } from "./prompt.ts";
import { plain } from "./text.ts";
import { DISTILLED, worthiestFirst } from "./worth.ts";

/** UTF-16 units of the note that is made. */
const MAX_CONTENT = 4_000;

export const DISTIL_INSTRUCTIONS = `You distil notes of a memory into one note that lasts. You see notes that belong together, the oldest first. Write one note that says all of them that is worth to be known later: facts, decisions, preferences, how things are done, with the names and the times that the notes give. Where notes contradict each other, the later one counts; say what changed. Leave out what was passing. Add nothing that the notes do not say.
${NOTES_ARE_DATA}
${LANGUAGE} Where the notes are of several languages, write in that of most.
Answer with one JSON object of exactly the members that are asked for, and nothing else.`;

/** What becomes of a group of notes. */
type Distilled =
  | {
      /** One note was made of them, which is yet to be kept. */
      readonly is: "new";
      readonly note: Pick<
        Note,
        "namespace" | "content" | "keywords" | "tags" | "context" | "category" | "importance" | "tier" | "labels"
      >;
      /** To the notes that it was made of. */
      readonly links: readonly NoteLink[];
    }
  | {
      /** The most important of them is to become long-term, as it is. */
      readonly is: "kept";
      readonly id: string;
      /** To the others. */
      readonly links: readonly NoteLink[];
      readonly why: string;
    };

/**
 * Distils a group of notes into a long-term one by one structured model call that carries them all. The new note has the join
 * of the labels of the notes it was made of, is as important as the most important of them, and links to each. Those that did
 * not fit into the prompt (`maxPrompt` UTF-16 units, default 24,000; the least worthy stay away) are not linked and can be
 * distilled later. Where no model answers as asked, the worthiest note stays as it is, and the others are linked to it; a note
 * that is alone is kept so without asking.
 * @throws SysError as `askOnce` does: the call was cancelled, fenced or diverged
 */
export async function distil(
  group: readonly [Note, ...Note[]],
  ask: Ask | undefined,
  { maxPrompt = 24_000 }: { maxPrompt?: number } = {},
): Promise<Distilled> {
  const [best, ...others] = group.toSorted(worthiestFirst) as [Note, ...Note[]];
  const worthiest = [best, ...others];
  const kept = (why: string): Distilled => ({ is: "kept", id: best.id, links: linksTo(others), why });
  if (others.length === 0) return kept("it is alone");
  const fitted = fitMaterial(worthiest.length, maxPrompt - DISTIL_INSTRUCTIONS.length, (count, maxContent) =>
    distilMaterial(oldestFirst(worthiest.slice(0, count)), maxContent),
  );
  if (!fitted || fitted.count < 2) return kept(`the notes do not fit into a prompt of ${maxPrompt} characters`);
  const shown = worthiest.slice(0, fitted.count);
  const answer = await askOnce(
    {
      instructions: DISTIL_INSTRUCTIONS,
      material: fitted.material,
      form: {
        name: "distilled_note",
        schema: objectForm({ content: textForm("the note, as long as it must be and no longer"), ...descriptionForms }),
      },
      answer: answerSchema,
      maxTokens: 2_000,
    },
    ask,
  );
  if (answer.is === "unanswered") return kept(answer.why);
  return {
    is: "new",
    note: {
      ...answer.value,
      namespace: best.namespace,
      importance: Math.max(...shown.map(({ importance }) => importance)),
      tier: "long-term",
      labels: joinLabels(best.labels, ...shown.map(({ labels }) => labels)),
    },
    links: linksTo(shown),
  };
}

/**
 * The links of a distilled note as an evolution, to be applied to it and to the notes at their other ends: these then are
 * not distilled again. It takes nothing over from one note to another, and so lowers no label.
 */
export const distilledLinks = (of: string, links: readonly NoteLink[], labels: Labels): Evolution => ({
  of,
  links,
  strengthened: [],
  updates: [],
  by: "extraction",
  labels,
});

const answerSchema = describedSchema.extend({
  content: z
    .string()
    .transform((text) => plain(text, MAX_CONTENT))
    .refine(Boolean, "empty"),
});

const linksTo = (notes: readonly Note[]): NoteLink[] =>
  notes.map(({ id }) => ({ to: id, strength: 1, why: DISTILLED }));

const oldestFirst = (notes: readonly Note[]): Note[] =>
  notes.toSorted((left, right) => left.createdAt - right.createdAt || (left.id < right.id ? -1 : 1));

const distilMaterial = (notes: readonly Note[], maxContent: number): string =>
  [`The ${notes.length} notes, the oldest first:`, ...notes.map((note) => fenced(shownNote(note, maxContent)))].join(
    "\n",
  );
