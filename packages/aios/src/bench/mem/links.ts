import { createSeededRandom } from "../../drivers/random/seeded.ts";
import type { Dialogue, DialogueNote, Evolution, Fact, NoteLink } from "./dialogue.ts";
import { isDrawn, one } from "./draws.ts";
import { fill } from "./phrases.ts";
import type { Phrases } from "./phrases.ts";

/** A note that speaks of a relative without the name. */
export interface Reference {
  readonly note: string;
  readonly name: string;
}

/**
 * The pairs that a perfect annotator links, knowing all facts and no question: where one note names what the other is about
 * (a sister and her job, the employer and its seat), where one ends what the other says, and where one speaks of "your sister"
 * and the other says who that is. Two facts of one person are linked through the note that introduces the person only; chatter
 * that mentions a name and says nothing is not linked.
 */
export function oracleLinksOf(facts: readonly Fact[], references: readonly Reference[]): NoteLink[] {
  const about = Map.groupBy(facts, ({ subject }) => subject);
  const byId = new Map(facts.map((fact) => [fact.id, fact]));
  const names = new Set<Fact["attribute"]>(["relation", "employer", "pet"]);
  const links = facts.flatMap((fact): NoteLink[] => {
    const next = names.has(fact.attribute) ? (about.get(fact.value) ?? []) : [];
    const before = fact.replaces === undefined ? undefined : byId.get(fact.replaces);
    return [...next, ...(before ? [before] : [])].map(({ note }): NoteLink => [fact.note, note]);
  });
  const introduced = new Map(
    facts.flatMap(({ attribute, value, note }) => (attribute === "relation" ? [[value, note] as const] : [])),
  );
  for (const { note, name } of references) {
    const introduction = introduced.get(name);
    if (introduction !== undefined) links.push([note, introduction]);
  }
  return [...new Map(links.map((link) => [link.toSorted().join(" "), link])).values()];
}

/** What a perfect annotator writes into the context of a note when a later one ends what it says. */
export function oracleEvolutionsOf(
  facts: readonly Fact[],
  notes: readonly DialogueNote[],
  phrases: Phrases,
): Evolution[] {
  const factById = new Map(facts.map((fact) => [fact.id, fact]));
  const textOf = new Map(notes.map(({ id, text }) => [id, text]));
  return facts.flatMap(({ replaces, note: by }) => {
    const old = replaces === undefined ? undefined : factById.get(replaces);
    return old ? [{ note: old.note, by, context: fill(phrases.supersededBy, { v: textOf.get(by) ?? "" }) }] : [];
  });
}

export interface Faults {
  /** Of the true links, the share that is not drawn. */
  readonly missed: number;
  /** Links between notes that have nothing to do with each other, as a share of the true ones. */
  readonly wrong: number;
}

/** What an annotator that errs draws; always the same for the same dialogue. */
export function faultyLinksOf({ seed, notes, oracleLinks }: Dialogue, { missed, wrong }: Faults): NoteLink[] {
  const random = createSeededRandom(seed);
  const kept = oracleLinks.filter(() => !isDrawn(random, missed));
  const added = Array.from({ length: Math.round(oracleLinks.length * wrong) }, (): NoteLink => {
    const [left, right] = [one(random, notes), one(random, notes)];
    return [left.id, right.id];
  });
  return [...kept, ...added];
}
