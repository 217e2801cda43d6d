import { describe, expect, test } from "vitest";
import type { Dialogue, Lang, Question, Split } from "./dialogue.ts";
import { generateDialogue, seedsOf } from "./dialogues.ts";
import { faultyLinksOf } from "./links.ts";
import { phrasesOf } from "./phrases.ts";
import { wordsOf } from "./words.ts";

const langs: readonly Lang[] = ["en", "zh"];
const splits: readonly Split[] = ["dev", "held-out"];

/** Words that carry no meaning alone. A single Chinese character is one of them unless it is part of a name. */
const functionWords = new Set(
  (
    "a an the of in on at by to for from with and or is are was were has have had does do did it its their they you your i my me " +
    "what which who whom whose where when that there this because again by most mostly all over down so if not no never will than"
  )
    .split(" ")
    .concat(
      "的 了 在 是 于 吗 呢 吧 啦 也 都 就 把 有 一 一只 个 只 给 被 和 跟 与 对 为 为何 何 哪 哪里 哪个 哪家 哪门 哪座 谁 什么 中 来 去 那 这 家 人 他 她 它 我 你 正 想 能 用 从 到 以 说 又 好 最 会 着".split(
        " ",
      ),
    ),
);

const contentWords = (text: string, lang: Lang) => wordsOf(text, lang).filter((word) => !functionWords.has(word));
const asked = ({ questions }: Dialogue, kind: Question["kind"]) => questions.filter((each) => each.kind === kind);

test("the same options give the same dialogue, and another seed another", () => {
  const options = { split: "dev", seed: 3, lang: "zh" } as const;
  expect(generateDialogue(options)).toEqual(generateDialogue(options));
  expect(generateDialogue({ ...options, seed: 4 }).notes).not.toEqual(generateDialogue(options).notes);
});

test("sizes follow the parameters, and names that there are not enough of are refused", () => {
  const size = { sessions: 5, turnsPerSession: 60, speakers: 3, relativesEach: 2, questionsPerKind: 3 };
  const { notes, questions } = generateDialogue({ split: "dev", seed: 1, lang: "en", ...size });
  expect(notes).toHaveLength(300);
  expect(new Set(notes.map(({ speaker }) => speaker)).size).toBe(3);
  expect(questions.filter(({ kind }) => kind === "single-hop")).toHaveLength(3);
  expect(() => generateDialogue({ split: "dev", seed: 1, lang: "en", speakers: 8 })).toThrow(RangeError);
});

test("dev and held-out share no seed, template, name or value but cities", () => {
  for (const lang of langs) {
    const texts = splits.map((split) => {
      const { synonyms: _, values, relative: __, species, ...phrases } = phrasesOf(lang, split);
      const { employer, pet, hobby, car, language, product, diet } = values;
      const listed: string[] = [];
      JSON.stringify([phrases, species, employer, pet, hobby, car, language, product, diet], (_key, value: unknown) => {
        if (typeof value === "string") listed.push(value);
        return value;
      });
      return new Set(listed);
    });
    expect([...(texts[0] as Set<string>)].filter((text) => texts[1]?.has(text))).toEqual([]);
  }
  expect(seedsOf.dev.filter((seed) => seedsOf["held-out"].includes(seed))).toEqual([]);
});

test("an annotator that errs misses links and draws wrong ones, always the same", () => {
  const dialogue = generateDialogue({ split: "dev", seed: 1, lang: "en" });
  const drawn = faultyLinksOf(dialogue, { missed: 0.3, wrong: 0.2 });
  const truth = new Set(dialogue.oracleLinks);
  const count = dialogue.oracleLinks.length;
  expect(drawn.filter((link) => !truth.has(link))).toHaveLength(Math.round(count * 0.2));
  expect(drawn.filter((link) => truth.has(link)).length / count).toBeCloseTo(0.7, 1);
  expect(faultyLinksOf(dialogue, { missed: 0.3, wrong: 0.2 })).toEqual(drawn);
  expect(faultyLinksOf(dialogue, { missed: 0, wrong: 0 })).toEqual(dialogue.oracleLinks);
});

describe.each(splits.flatMap((split) => langs.map((lang) => ({ split, lang }))))("$split, $lang", ({ split, lang }) => {
  // The structure is looked at for all seeds; no method is run on what is held out.
  const dialogues = seedsOf[split].map((seed) => generateDialogue({ split, seed, lang }));

  test("every kind has its questions, in every world", () => {
    for (const dialogue of dialogues)
      for (const kind of ["single-hop", "multi-hop", "temporal", "open", "adversarial"] as const)
        expect(asked(dialogue, kind)).toHaveLength(21);
  });

  test("each fact is said by one note, and evidence says facts", () => {
    for (const { notes, facts, questions } of dialogues) {
      const said = new Map(notes.flatMap(({ id, facts: ids }) => ids.map((fact) => [fact, id] as const)));
      expect(said.size).toBe(facts.length);
      const byNote = new Map(facts.map((fact) => [fact.note, fact]));
      for (const { id, note, value } of facts) {
        expect(said.get(id)).toBe(note);
        expect(notes.find((each) => each.id === note)?.text).toContain(value);
      }
      for (const { evidence, decoys } of questions) {
        for (const note of [...evidence, ...decoys]) expect(byNote.has(note)).toBe(true);
        expect(evidence.filter((note) => decoys.includes(note))).toEqual([]);
      }
    }
  });

  test("all but the first evidence of a multi-hop question share no word with it, and hang together by what they name", () => {
    for (const dialogue of dialogues) {
      const noteOf = new Map(dialogue.notes.map((note) => [note.id, note]));
      const factOf = new Map(dialogue.facts.map((fact) => [fact.note, fact]));
      for (const { text, evidence } of asked(dialogue, "multi-hop")) {
        expect(evidence.length).toBeGreaterThanOrEqual(2);
        const question = new Set(contentWords(text, lang));
        for (const [index, id] of evidence.entries()) {
          if (index === 0) continue;
          const { speaker, text: said } = noteOf.get(id)!;
          expect({
            text,
            said,
            shared: contentWords(`${speaker}: ${said}`, lang).filter((word) => question.has(word)),
          }).toEqual({
            text,
            said,
            shared: [],
          });
          expect(factOf.get(id)?.subject).toBe(factOf.get(evidence[index - 1]!)?.value);
        }
      }
    }
  });

  test("an open question says in other words what its note says", () => {
    const { synonyms } = phrasesOf(lang, split);
    for (const { notes, facts, questions } of dialogues)
      for (const { kind, text, evidence } of questions) {
        if (kind !== "open") continue;
        const { attribute, subject } = facts.find(({ note }) => note === evidence[0])!;
        if (attribute === "relation") throw new Error("a relation is not asked for openly");
        const said = notes.find(({ id }) => id === evidence[0])!.text;
        const { said: ofNote, asked: ofQuestion } = synonyms[attribute];
        const predicate = text.replace(subject, "");
        expect(
          ofQuestion.some((word) => predicate.includes(word)),
          text,
        ).toBe(true);
        expect(
          ofNote.some((word) => said.includes(word)),
          said,
        ).toBe(true);
        const words = new Set(contentWords(said.replace(subject, ""), lang));
        expect(
          contentWords(predicate, lang).filter((word) => words.has(word)),
          `${text} ${said}`,
        ).toEqual([]);
      }
  });

  test("what is true at the time asked about is evidence, and its other states are decoys", () => {
    for (const dialogue of dialogues) {
      const factOf = new Map(dialogue.facts.map((fact) => [fact.note, fact]));
      for (const { evidence, decoys, asOfMs = Infinity } of asked(dialogue, "temporal")) {
        const answer = factOf.get(evidence.at(-1)!)!;
        const states = dialogue.facts.filter(
          ({ subject, attribute }) => subject === answer.subject && attribute === answer.attribute,
        );
        expect(states.findLast(({ atMs }) => atMs <= asOfMs)).toBe(answer);
        expect([...evidence, ...decoys].toSorted()).toEqual(states.map(({ note }) => note).toSorted());
      }
    }
  });

  test("an adversarial question has no evidence, or a namesake's fact beside it", () => {
    for (const dialogue of dialogues) {
      const questions = asked(dialogue, "adversarial");
      expect(questions.filter(({ evidence }) => evidence.length === 0)).toHaveLength(14);
      const factOf = new Map(dialogue.facts.map((fact) => [fact.note, fact]));
      for (const { evidence, decoys } of questions) {
        expect(decoys.length).toBeGreaterThan(0);
        for (const decoy of decoys)
          if (evidence.length > 0) expect(factOf.get(decoy)?.subject).not.toBe(factOf.get(evidence[0]!)?.subject);
      }
    }
  });

  test("links lead from each evidence note to the next, and old notes know what ended them", () => {
    for (const { questions, oracleLinks, oracleEvolutions, facts, notes } of dialogues) {
      const linked = new Set(oracleLinks.flatMap(([left, right]) => [`${left} ${right}`, `${right} ${left}`]));
      for (const { kind, evidence } of questions)
        if (kind === "multi-hop")
          for (const [index, id] of evidence.slice(1).entries())
            expect(linked.has(`${evidence[index]} ${id}`)).toBe(true);
      const replaced = facts.filter(({ replaces }) => replaces !== undefined);
      expect(oracleEvolutions).toHaveLength(replaced.length);
      for (const { note, by, context } of oracleEvolutions) {
        expect(linked.has(`${note} ${by}`)).toBe(true);
        expect(context).toContain(notes.find(({ id }) => id === by)?.text);
      }
    }
  });
});
