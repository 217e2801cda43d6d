import type { Random } from "../../kernel/ports.ts";
import type { Attribute, ChangingAttribute } from "./dialogue.ts";
import { isDrawn, one, shuffled } from "./draws.ts";
import type { PersonAttribute, Phrases } from "./phrases.ts";

/** Who there is, and who meets whom. */
export interface World {
  readonly speakers: readonly string[];
  readonly relatives: readonly Relative[];
  /** Two speakers each, in their order in time. */
  readonly sessions: readonly (readonly [string, string])[];
}

interface Relative {
  readonly name: string;
  /** The speaker whose `relation` they are. */
  readonly owner: string;
  readonly relation: string;
  /** Who is called almost the same. */
  readonly twin: string | undefined;
}

/** A fact before it has a turn. */
export interface Statement {
  readonly subject: string;
  readonly attribute: Attribute | "relation";
  readonly relation?: string;
  readonly value: string;
  readonly session: number;
  readonly speaker: string;
  readonly species?: string;
}

interface WorldSize {
  readonly sessions: number;
  readonly speakers: number;
  readonly relativesEach: number;
}

/** @throws RangeError where the phrases have not enough names */
export function drawWorld(random: Random, phrases: Phrases, size: WorldSize): World {
  const speakers = shuffled(random, phrases.speakers).slice(0, size.speakers);
  const wanted = size.speakers * size.relativesEach;
  const pairs = shuffled(random, phrases.people).slice(0, Math.ceil(wanted / 2));
  const names = shuffled(random, pairs.flat()).slice(0, wanted);
  if (speakers.length < size.speakers || names.length < wanted || size.relativesEach > phrases.relations.length)
    throw new RangeError(`not enough names for ${size.speakers} speakers with ${size.relativesEach} relatives each`);
  const twins = new Map(pairs.flatMap(([left, right]) => [[left, right] as const, [right, left] as const]));
  const relatives = speakers.flatMap((owner) =>
    shuffled(random, phrases.relations)
      .slice(0, size.relativesEach)
      .map((relation): Relative => {
        const name = names.pop() as string;
        return { name, owner, relation, twin: twins.get(name) };
      }),
  );
  const couples = speakers.flatMap((left, index) => speakers.slice(index + 1).map((right) => [left, right] as const));
  const sessions: (readonly [string, string])[] = [];
  while (sessions.length < size.sessions) sessions.push(...shuffled(random, couples));
  return { speakers, relatives, sessions: sessions.slice(0, size.sessions) };
}

/** How many of those who could have it are said to have it; and how often it changes later. */
const shares: Readonly<Record<PersonAttribute, { readonly known: number; readonly changes: number }>> = {
  employer: { known: 0.85, changes: 0.5 },
  home: { known: 0.8, changes: 0.5 },
  pet: { known: 0.65, changes: 0 },
  hobby: { known: 0.65, changes: 0.5 },
  car: { known: 0.55, changes: 0.4 },
  language: { known: 0.5, changes: 0 },
};
const knownOfThings = 0.9;

export const changing: readonly ChangingAttribute[] = ["employer", "home", "hobby", "car"];

/** All that will be said, in no order. Nobody says anything of their own relatives but that they are. */
export function drawStatements(random: Random, phrases: Phrases, world: World): Statement[] {
  const statements: Statement[] = [];
  const { sessions } = world;
  const all = sessions.map((_, index) => index);
  const of = (speaker: string) => all.filter((session) => sessions[session]?.includes(speaker));
  for (const { name, owner, relation } of world.relatives) {
    const session = one(random, of(owner));
    statements.push({ subject: owner, attribute: "relation", relation, value: name, session, speaker: owner });
  }
  const pets = shuffled(random, phrases.values.pet);
  const tell = (subject: string, attribute: PersonAttribute, owner?: string) => {
    const { known, changes } = shares[attribute];
    if (!isDrawn(random, known)) return;
    const times = 1 + (isDrawn(random, changes) ? 1 : 0) + (isDrawn(random, changes / 2) ? 1 : 0);
    const when = shuffled(random, owner === undefined ? of(subject) : all).slice(0, times);
    const values = attribute === "pet" ? [pets.pop()] : shuffled(random, phrases.values[attribute]);
    for (const [index, session] of when.toSorted((left, right) => left - right).entries()) {
      const value = values[index];
      if (value === undefined) break;
      const tellers = owner === undefined ? [subject] : (sessions[session] ?? []).filter((who) => who !== owner);
      const species = attribute === "pet" ? { species: one(random, phrases.species) } : {};
      statements.push({ subject, attribute, value, session, speaker: one(random, tellers), ...species });
    }
  };
  for (const attribute of Object.keys(shares) as PersonAttribute[]) {
    for (const speaker of world.speakers) tell(speaker, attribute);
    for (const { name, owner } of world.relatives) tell(name, attribute, owner);
  }
  const named = (attribute: Attribute) =>
    new Set(statements.filter((each) => each.attribute === attribute).map(({ value }) => value));
  for (const [names, about] of [
    [named("employer"), ["seat", "product"]],
    [named("pet"), ["diet"]],
  ] as const)
    for (const subject of names)
      for (const attribute of about) {
        if (!isDrawn(random, knownOfThings)) continue;
        const session = one(random, all);
        const speaker = one(random, sessions[session] ?? []);
        statements.push({ subject, attribute, value: one(random, phrases.values[attribute]), session, speaker });
      }
  return statements;
}
