import type { Random } from "../../kernel/ports.ts";
import { attributes, questionKinds } from "./dialogue.ts";
import type { Attribute, ChangingAttribute, DialogueNote, Fact, Lang, Question, QuestionKind } from "./dialogue.ts";
import { one, shuffled } from "./draws.ts";
import { fill, monthName } from "./phrases.ts";
import type { Chain, Phrases } from "./phrases.ts";
import { changing } from "./world.ts";
import type { World } from "./world.ts";

interface QuestionOptions {
  readonly random: Random;
  readonly phrases: Phrases;
  readonly lang: Lang;
  readonly world: World;
  readonly facts: readonly Fact[];
  readonly notes: readonly DialogueNote[];
  readonly perKind: number;
}

type Asked = Pick<Question, "text" | "evidence" | "decoys" | "asOfMs">;

/** Of each kind as many; where a kind has several shapes, as many of each as there are. */
export function questionsOf({ perKind, lang, ...options }: QuestionOptions): Question[] {
  const asker = createAsker({ ...options, lang });
  const shapes: Readonly<Record<QuestionKind, readonly (readonly Asked[])[]>> = {
    "single-hop": [asker.plain("ask")],
    "multi-hop": [asker.relatives(), asker.relativesThrough(), asker.peopleThrough()],
    temporal: [asker.inMonth(), asker.before(), asker.now()],
    open: [asker.plain("askOpenly")],
    adversarial: [asker.unsaid(), asker.noSuchRelative(), asker.namesake()],
  };
  return questionKinds.flatMap((kind) => {
    const each = Math.floor(perKind / shapes[kind].length);
    const asked = shapes[kind].flatMap((all) => shuffled(options.random, all).slice(0, each));
    return asked.map((question, index) => ({ id: `${kind}-${index + 1}`, kind, lang, ...question }));
  });
}

function createAsker({ random, phrases, lang, world, facts, notes }: Omit<QuestionOptions, "perKind">) {
  const speakerOf = new Map(notes.map(({ id, speaker }) => [id, speaker]));
  const endMs = notes.at(-1)?.atMs ?? 0;
  const people = [...world.speakers, ...world.relatives.map(({ name }) => name)];
  const states = Map.groupBy(facts, ({ subject, attribute }) => `${attribute} ${subject}`);
  const historyOf = (subject: string, attribute: Attribute) => states.get(`${attribute} ${subject}`) ?? [];
  const ask = (templates: readonly string[], slots: Readonly<Record<string, string>>) =>
    fill(one(random, templates), slots);
  const notesOf = (all: readonly Fact[]) => all.map(({ note }) => note);
  const unchanged = facts.filter(
    (fact): fact is Fact & { attribute: Attribute } =>
      fact.attribute !== "relation" && historyOf(fact.subject, fact.attribute).length === 1,
  );
  const changed = people.flatMap((subject) =>
    changing.flatMap((attribute) => {
      const history = historyOf(subject, attribute);
      return history.length > 1 ? [{ subject, attribute, history }] : [];
    }),
  );
  const relations = facts.filter(({ attribute }) => attribute === "relation");
  const asRelative = ({ subject, relation = "" }: Fact) => fill(phrases.relative, { s: subject, r: relation });

  /** From a person's employer or pet to what is said of it; `outsider` says none of the later notes. */
  const chainsFrom = (person: string, outsider: string) =>
    (Object.keys(phrases.askThrough) as Chain[]).flatMap((chain) => {
      const [first, second] = chain.split(".") as [Attribute, Attribute];
      const bridge = historyOf(person, first).at(-1);
      const end = bridge && historyOf(bridge.value, second)[0];
      return end && speakerOf.get(end.note) !== outsider ? [{ chain, bridge, end }] : [];
    });

  return {
    plain: (how: "ask" | "askOpenly"): Asked[] =>
      unchanged.map(({ subject, attribute, note }) => ({
        text: ask(phrases[how][attribute], { s: subject }),
        evidence: [note],
        decoys: [],
      })),

    relatives: (): Asked[] =>
      relations.flatMap((relation) =>
        attributes.flatMap((attribute) => {
          const fact = historyOf(relation.value, attribute).at(-1);
          if (fact === undefined) return [];
          const text = ask(phrases.askOpenly[attribute], { s: asRelative(relation) });
          return [{ text, evidence: [relation.note, fact.note], decoys: [] }];
        }),
      ),

    relativesThrough: (): Asked[] =>
      relations.flatMap((relation) =>
        chainsFrom(relation.value, relation.subject).map(({ chain, bridge, end }) => ({
          text: ask(phrases.askThrough[chain], { s: asRelative(relation) }),
          evidence: [relation.note, bridge.note, end.note],
          decoys: [],
        })),
      ),

    peopleThrough: (): Asked[] =>
      people.flatMap((person) =>
        chainsFrom(person, person).map(({ chain, bridge, end }) => ({
          text: ask(phrases.askThrough[chain], { s: person }),
          evidence: [bridge.note, end.note],
          decoys: [],
        })),
      ),

    inMonth: (): Asked[] =>
      changed.flatMap(({ subject, attribute, history }) =>
        history.flatMap((fact, index) => {
          const middles = wholeMonths(fact.atMs, history[index + 1]?.atMs ?? endMs);
          if (middles.length === 0) return [];
          const asOfMs = one(random, middles);
          const text = ask(phrases.askInMonth[attribute], { s: subject, m: monthName(asOfMs, lang) });
          return [{ text, evidence: [fact.note], decoys: notesOf(history.filter((each) => each !== fact)), asOfMs }];
        }),
      ),

    before: (): Asked[] =>
      changed.flatMap(({ subject, attribute, history }) =>
        history.slice(1).map((fact, index) => {
          const old = history[index] as Fact;
          const text = ask(phrases.askBefore[attribute], { s: subject, v: fact.value });
          const decoys = notesOf(history.filter((each) => each !== fact && each !== old));
          return { text, evidence: [fact.note, old.note], decoys, asOfMs: fact.atMs - 1 };
        }),
      ),

    now: (): Asked[] =>
      changed.map(({ subject, attribute, history }) => ({
        text: ask(phrases.askNow[attribute], { s: subject }),
        evidence: notesOf(history.slice(-1)),
        decoys: notesOf(history.slice(0, -1)),
      })),

    unsaid: (): Asked[] =>
      world.relatives.flatMap(({ name, twin }) =>
        attributes.flatMap((attribute) => {
          const others = twin === undefined ? [] : historyOf(twin, attribute);
          if (others.length === 0 || historyOf(name, attribute).length > 0) return [];
          return [{ text: ask(phrases.ask[attribute], { s: name }), evidence: [], decoys: notesOf(others) }];
        }),
      ),

    noSuchRelative: (): Asked[] =>
      world.speakers.flatMap((speaker) =>
        phrases.relations.flatMap((relation) => {
          const others = relations.filter((fact) => fact.relation === relation);
          if (others.length === 0 || others.some(({ subject }) => subject === speaker)) return [];
          const attribute: ChangingAttribute = one(random, changing);
          const text = ask(phrases.ask[attribute], { s: fill(phrases.relative, { s: speaker, r: relation }) });
          return [{ text, evidence: [], decoys: notesOf(others) }];
        }),
      ),

    namesake: (): Asked[] =>
      world.relatives.flatMap(({ name, twin }) =>
        unchanged.flatMap(({ subject, attribute, note }) => {
          const others = subject === name && twin !== undefined ? historyOf(twin, attribute) : [];
          if (others.length === 0) return [];
          return [{ text: ask(phrases.ask[attribute], { s: name }), evidence: [note], decoys: notesOf(others) }];
        }),
      ),
  };
}

/** The middle of each calendar month (UTC) that lies between two times as a whole. */
function wholeMonths(fromMs: number, untilMs: number): number[] {
  const middles: number[] = [];
  const from = new Date(fromMs);
  for (let month = from.getUTCMonth() + 1; ; month++) {
    if (Date.UTC(from.getUTCFullYear(), month + 1) > untilMs) return middles;
    middles.push(Date.UTC(from.getUTCFullYear(), month, 15));
  }
}
