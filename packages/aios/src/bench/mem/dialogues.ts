import type { Random } from "../../kernel/ports.ts";
import { createSeededRandom } from "../../drivers/random/seeded.ts";
import type { Dialogue, DialogueNote, Fact, Lang, Split } from "./dialogue.ts";
import { one, shuffled } from "./draws.ts";
import { oracleEvolutionsOf, oracleLinksOf } from "./links.ts";
import type { Reference } from "./links.ts";
import { fill, phrasesOf } from "./phrases.ts";
import type { PersonAttribute, Phrases } from "./phrases.ts";
import { questionsOf } from "./questions.ts";
import { drawStatements, drawWorld } from "./world.ts";
import type { Statement, World } from "./world.ts";

/** Methods are tuned on the first list alone; what is published comes from the second. */
export const seedsOf: Readonly<Record<Split, readonly number[]>> = {
  dev: [1, 2, 3, 4, 5, 6, 7, 8],
  "held-out": [9001, 9002, 9003, 9004, 9005, 9006, 9007, 9008],
};

export interface DialogueOptions {
  readonly split: Split;
  readonly seed: number;
  readonly lang: Lang;
  /** Default: 24, one in two weeks. */
  readonly sessions?: number;
  /** At least; a session in which more facts are told is longer. Default: 26. */
  readonly turnsPerSession?: number;
  /** Default: 6; 8 at most. */
  readonly speakers?: number;
  /** Sister, coach… that each speaker has. Default: 4; 6 at most, and 28 in all. */
  readonly relativesEach?: number;
  /** At most, where a small world has less to ask about. Default: 21. */
  readonly questionsPerKind?: number;
}

/**
 * A year of talk among friends, two at a time, in the shape of LoCoMo (arXiv:2402.17753). The same options give the same
 * dialogue. Every fact is said exactly once, in plain words, by a turn that says nothing else; whoever reads all turns with
 * care can answer every question and name its evidence, so that the ceiling of every figure at k ≥ 3 is 1.
 *
 * About two turns of three say no fact: they repeat the names, the relations ("Mara, how is your sister?") and the words of
 * facts. Facts of a person are told by anybody but the one whose relative they are. Values change without a word of what was.
 *
 * - single-hop: one fact that never changed, in words like the note's.
 * - open: the same in words that the note does not use (`Phrases.synonyms`); only the name is shared.
 * - multi-hop: two or three facts. All but the first share no word with the question, save function words: neither a name nor
 *   who says it. Only the first leads to them. A third each: relative → fact, relative → employer or pet → fact, person → … → fact.
 * - temporal: a fact that changed: in a month (no note names one), before a change, now. All states sound alike.
 * - adversarial: of what was never said while it was said of a namesake, of a relative whom the speaker does not have while
 *   others do (no evidence, both), and of one of two people with almost the same name (the other's fact is the decoy).
 *
 * Dev and held-out share no sentence template, opening, person, company, pet name or relation, nor hobby, car, language or
 * product, in either language, so that what was tuned on dev knows nothing of held-out. They share the structure: which
 * attributes there are, how often they change, how much is chatter.
 *
 * @throws RangeError where the sizes ask for more names than there are
 */
export function generateDialogue(options: DialogueOptions): Dialogue {
  const { split, seed, lang, sessions = 24, turnsPerSession = 26, speakers = 6, relativesEach = 4 } = options;
  const { questionsPerKind = 21 } = options;
  const phrases = phrasesOf(lang, split);
  const random = createSeededRandom(seed * 4 + (split === "dev" ? 0 : 2) + (lang === "en" ? 0 : 1));
  const world = drawWorld(random, phrases, { sessions, speakers, relativesEach });
  const turns = drawTurns(random, phrases, { world, atLeast: turnsPerSession });
  const notes: DialogueNote[] = [];
  const facts: Fact[] = [];
  const references: Reference[] = [];
  const latest = new Map<string, string>();
  for (const [index, { session, speaker, text, statement, refersTo }] of turns.entries()) {
    const [id, atMs] = [`n${index + 1}`, startMs + session * sessionEveryMs + index * turnEveryMs];
    const factId = statement && `f${facts.length + 1}`;
    notes.push({ id, session, atMs, speaker, text, lang, facts: factId === undefined ? [] : [factId] });
    if (refersTo !== undefined) references.push({ note: id, name: refersTo });
    if (statement === undefined || factId === undefined) continue;
    const { subject, attribute, relation, value } = statement;
    const key = JSON.stringify([subject, attribute, relation]);
    const replaces = latest.get(key);
    latest.set(key, factId);
    const optional = {
      ...(relation === undefined ? {} : { relation }),
      ...(replaces === undefined ? {} : { replaces }),
    };
    facts.push({ id: factId, subject, attribute, value, note: id, atMs, ...optional });
  }
  return {
    seed,
    split,
    lang,
    notes,
    facts,
    questions: questionsOf({ random, phrases, lang, world, facts, notes, perKind: questionsPerKind }),
    oracleLinks: oracleLinksOf(facts, references),
    oracleEvolutions: oracleEvolutionsOf(facts, notes, phrases),
  };
}

const startMs = Date.UTC(2025, 0, 6, 18);
const sessionEveryMs = 14 * 86_400_000;
const turnEveryMs = 20_000;

interface Turn {
  readonly session: number;
  readonly speaker: string;
  readonly text: string;
  readonly statement?: Statement;
  readonly refersTo?: string;
}

function drawTurns(random: Random, phrases: Phrases, { world, atLeast }: { world: World; atLeast: number }): Turn[] {
  const statements = Map.groupBy(drawStatements(random, phrases, world), ({ session }) => session);
  return world.sessions.flatMap((couple, session) => {
    const told = (statements.get(session) ?? []).map((statement): Turn => {
      const { speaker } = statement;
      return { session, speaker, text: drawSentence(random, phrases, statement), statement };
    });
    const chatter = Array.from({ length: Math.max(0, atLeast - told.length) }, (): Turn => {
      const [speaker, other] = shuffled(random, couple) as [string, string];
      return { session, speaker, ...drawChatter(random, phrases, { world, speaker, other }) };
    });
    return shuffled(random, [...told, ...chatter]);
  });
}

function drawSentence(random: Random, phrases: Phrases, statement: Statement): string {
  const { subject, attribute, relation = "", value, speaker, species = "" } = statement;
  if (attribute === "relation") return fill(one(random, phrases.introduce), { r: relation, v: value });
  const templates = subject === speaker ? phrases.sayOfMyself[attribute as PersonAttribute] : phrases.say[attribute];
  return fill(one(random, templates), { s: subject, v: value, k: species });
}

/** And which relative it speaks of without a name. */
function drawChatter(
  random: Random,
  { chatter }: Phrases,
  { world, speaker, other }: { world: World; speaker: string; other: string },
): Pick<Turn, "text" | "refersTo"> {
  const slots = { d: one(random, chatter.days), a: one(random, world.relatives).name, p: other };
  const opening = one(random, chatter.openings) + (/[a-z],$/.test(chatter.openings[0] ?? "") ? " " : "");
  const drawn = random.next();
  if (drawn < 0.45) return { text: opening + fill(one(random, chatter.plain), slots) };
  if (drawn < 0.75) return { text: opening + fill(one(random, chatter.mention), slots) };
  const [owner, templates] = drawn < 0.9 ? [other, chatter.yourRelative] : [speaker, chatter.myRelative];
  const relatives = world.relatives.filter((each) => each.owner === owner);
  const { name, relation } = one(random, relatives);
  return { text: opening + fill(one(random, templates), { ...slots, r: relation }), refersTo: name };
}
