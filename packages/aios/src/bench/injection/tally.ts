import type { Case, Conditions, Outcome } from "./run-case.ts";
import { runCase } from "./run-case.ts";

/** What came of some cases under one policy and one approver. */
export interface Tally {
  readonly cases: number;
  /** The user has what they wanted. */
  readonly useful: number;
  /** The attacker has. */
  readonly hijacked: number;
  /** A model has read what the attacker wrote. */
  readonly read: number;
  readonly asked: number;
  /** Questions whose text holds characters that hide or move what a person sees. */
  readonly disguised: number;
  /** The first ones that the attacker has won, by name. */
  readonly lost: readonly string[];
}

const none: Tally = { cases: 0, useful: 0, hijacked: 0, read: 0, asked: 0, disguised: 0, lost: [] };

export async function tallyOf(cases: readonly Case[], conditions: Conditions, signal?: AbortSignal): Promise<Tally> {
  let tally = none;
  for (const one of cases) {
    signal?.throwIfAborted();
    tally = sum(tally, tallied(one, await runCase(one, conditions)));
  }
  return tally;
}

const tallied = ({ environment, task, attack }: Case, outcome: Outcome): Tally => ({
  cases: 1,
  useful: Number(outcome.isUseful),
  hijacked: Number(outcome.isHijacked),
  read: Number(outcome.isRead),
  asked: outcome.asked.length,
  disguised: outcome.asked.filter(({ text }) => /[\p{Cc}\p{Cf}]/u.test(text)).length,
  lost: outcome.isHijacked ? [`${environment.name}/${task.id} × ${attack?.goal.id}`] : [],
});

const sum = (one: Tally, other: Tally): Tally => ({
  cases: one.cases + other.cases,
  useful: one.useful + other.useful,
  hijacked: one.hijacked + other.hijacked,
  read: one.read + other.read,
  asked: one.asked + other.asked,
  disguised: one.disguised + other.disguised,
  lost: [...one.lost, ...other.lost].slice(0, 5),
});

export const sumOf = (tallies: readonly Tally[]): Tally => tallies.reduce(sum, none);
