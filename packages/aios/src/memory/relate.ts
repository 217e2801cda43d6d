import type { Note } from "@aiosjs/sdk/protocol";
import { z } from "zod";
import { askOnce } from "./ask.ts";
import type { Ask } from "./ask.ts";
import { bounds } from "./bounds.ts";
import type { Evolution, Neighbour, NoteUpdate } from "./evolution.ts";
import { listForm, numberForm, objectForm, oneOfForm, textForm } from "./json-form.ts";
import { joinLabels } from "./labels.ts";
import { linkByTerms } from "./link-by-terms.ts";
import { fenced, fitMaterial, LANGUAGE, NOTES_ARE_DATA, shownNote } from "./prompt.ts";
import { distinct, oneLine } from "./text.ts";

export const RELATE_INSTRUCTIONS = `You keep a memory of notes that link to each other and evolve. A new note has come. You see it, and the notes of the memory that are nearest to it. Decide three things:
"links": the near notes that the new one belongs with, because one answers, explains, continues, changes or contradicts the other. Sharing a word or a subject is not enough. Give each a strength from 0 to 1 (1: neither is understood without the other) and, in a few words, why.
"strengthen": pairs of near notes that link to each other already and whose connection the new note confirms, each with its new strength.
"updates": near notes that are to be understood differently now that the new one is known. Give the context as it should read now, and keywords and tags to add. An empty text or list leaves that part as it is. Contents never change. Most notes need no update; update none where nothing is learnt.
Name notes by the ids that you see, and by no others. Each of the three lists may be empty.
${NOTES_ARE_DATA}
${LANGUAGE}
Answer with one JSON object of exactly these three members, and nothing else.`;

interface RelateLimits {
  /** Default 10; the most similar ones. */
  readonly maxNeighbours?: number;
  /** Of neighbours by one new note; default 5. */
  readonly maxUpdates?: number;
  /** UTF-16 units of the whole prompt; default 24,000. Contents are cut first, then the least similar neighbours are left out. */
  readonly maxPrompt?: number;
}

/**
 * Decides what a new note links to and how its neighbours evolve, by one structured model call that carries the new note and
 * every neighbour whole: id, content, context, keywords, tags, links. What the answer says of ids that it did not see is
 * dropped; strengths are brought into 0 to 1. Neighbours of another namespace than the note's are left out. Where no model answers as asked, links come from words that the notes share and
 * from how similar they are, and no neighbour evolves.
 * @throws SysError as `askOnce` does: the call was cancelled, fenced or diverged
 */
export async function relate(
  { note, neighbours, limits = {} }: { note: Note; neighbours: readonly Neighbour[]; limits?: RelateLimits },
  ask: Ask | undefined,
): Promise<Evolution> {
  const { maxNeighbours = 10, maxUpdates = 5, maxPrompt = 24_000 } = limits;
  const near = nearest(note, neighbours, maxNeighbours);
  const byTerms = (why: string): Evolution => ({
    of: note.id,
    links: linkByTerms(note, near),
    strengthened: [],
    updates: [],
    by: "extraction",
    why,
    labels: joinLabels(note.labels, ...near.map((each) => each.note.labels)),
  });
  if (near.length === 0) return byTerms("no neighbours");
  const fitted = fitMaterial(near.length, maxPrompt - RELATE_INSTRUCTIONS.length, (count, maxContent) =>
    relateMaterial(
      note,
      near.slice(0, count).map((each) => each.note),
      maxContent,
    ),
  );
  if (!fitted) return byTerms(`the notes do not fit into a prompt of ${maxPrompt} characters`);
  const shown = near.slice(0, fitted.count).map((each) => each.note);
  const answer = await askOnce(
    {
      instructions: RELATE_INSTRUCTIONS,
      material: fitted.material,
      form: {
        name: "note_relations",
        schema: answerForm(
          shown.map(({ id }) => id),
          maxUpdates,
        ),
      },
      answer: answerSchema,
      maxTokens: 2_000,
    },
    ask,
  );
  if (answer.is === "unanswered") return byTerms(answer.why);
  return {
    of: note.id,
    ...heeded(answer.value, new Map(shown.map((each) => [each.id, each])), maxUpdates),
    by: "model",
    labels: joinLabels(note.labels, ...shown.map(({ labels }) => labels)),
  };
}

/**
 * The most similar first, whatever order they come in; neither the note itself nor one twice, nor one of another namespace:
 * what a model says of notes must not carry one reader's notes into what another reads.
 */
function nearest(note: Note, neighbours: readonly Neighbour[], most: number): Neighbour[] {
  const ranked = neighbours
    .map((each) => ({ note: each.note, similarity: within(each.similarity) }))
    .toSorted((left, right) => right.similarity - left.similarity || (left.note.id < right.note.id ? -1 : 1));
  const seen = new Set([note.id]);
  return ranked
    .filter(({ note: { id, namespace } }) => namespace === note.namespace && !seen.has(id) && seen.add(id))
    .slice(0, most);
}

const relateMaterial = (note: Note, near: readonly Note[], maxContent: number): string =>
  [
    "The new note:",
    fenced(shownNote(note, maxContent * 2)),
    `The ${near.length} nearest notes, the nearest first:`,
    ...near.map((each) => fenced(shownNote(each, maxContent))),
  ].join("\n");

const answerForm = (ids: readonly string[], maxUpdates: number): Record<string, unknown> => {
  const id = oneOfForm(ids);
  const strength = numberForm("0 to 1");
  return objectForm({
    links: listForm(
      objectForm({ to: id, strength, why: textForm("in a few words") }),
      "near notes that the new one belongs with",
    ),
    strengthen: listForm(objectForm({ from: id, to: id, strength }), "links between near notes that are stronger now"),
    updates: listForm(
      objectForm({
        id,
        context: textForm("one sentence; empty: as it is"),
        keywords: listForm(textForm("a word or short phrase"), "to add"),
        tags: listForm(textForm("a broad subject, in lower case"), "to add"),
      }),
      `${maxUpdates} at most`,
    ),
  });
};

const answerSchema = z.object({
  links: z.array(z.object({ to: z.string(), strength: z.number(), why: z.string() })),
  strengthen: z.array(z.object({ from: z.string(), to: z.string(), strength: z.number() })),
  updates: z.array(
    z.object({ id: z.string(), context: z.string(), keywords: z.array(z.string()), tags: z.array(z.string()) }),
  ),
});

/** What of an answer is about notes that were shown, in bounds, each once; the first word on a note counts. */
function heeded(
  answer: z.infer<typeof answerSchema>,
  shown: ReadonlyMap<string, Note>,
  maxUpdates: number,
): Pick<Evolution, "links" | "strengthened" | "updates"> {
  const links = firsts(answer.links, ({ to }) => to)
    .filter(({ to }) => shown.has(to))
    .map(({ to, strength, why }) => ({ to, strength: within(strength), why: oneLine(why, bounds.why) }))
    .filter(({ strength }) => strength > 0);
  const strengthened = firsts(answer.strengthen, ({ from, to }) => [from, to].toSorted().join(" "))
    .map(({ from, to, strength }) => ({ from, to, strength: within(strength) }))
    .filter(({ from, to, strength }) => {
      const known = from === to ? [] : [...linksBetween(shown, from, to), ...linksBetween(shown, to, from)];
      return known.some((each) => each.strength < strength);
    });
  const updates = firsts(answer.updates, ({ id }) => id)
    .filter(({ id }) => shown.has(id))
    .map(({ id, context, keywords, tags }): NoteUpdate => {
      const said = {
        context: oneLine(context, bounds.context),
        keywords: distinct(keywords, bounds.keywords),
        tags: distinct(tags, bounds.tags),
      };
      return {
        id,
        ...(said.context && { context: said.context }),
        ...(said.keywords.length > 0 && { keywords: said.keywords }),
        ...(said.tags.length > 0 && { tags: said.tags }),
      };
    })
    .filter((update) => Object.keys(update).length > 1)
    .slice(0, maxUpdates);
  return { links, strengthened, updates };
}

const linksBetween = (shown: ReadonlyMap<string, Note>, from: string, to: string) =>
  shown.has(to) ? (shown.get(from)?.links ?? []).filter((link) => link.to === to) : [];

const firsts = <Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[] => {
  const byKey = new Map<string, Item>();
  for (const item of items) if (!byKey.has(keyOf(item))) byKey.set(keyOf(item), item);
  return [...byKey.values()];
};

const within = (strength: number): number => (strength > 0 ? Math.min(1, strength) : 0);
