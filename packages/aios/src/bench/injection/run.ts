import { adaptiveAttacks, casesOf } from "./adaptive/attacks.ts";
import type { Approver } from "./approvers.ts";
import { environments } from "./environments.ts";
import { benignCases, pairsOf, plainCase } from "./pairs.ts";
import type { PolicyName } from "./policies.ts";
import type { Case } from "./run-case.ts";
import { tallyOf } from "./tally.ts";
import type { Tally } from "./tally.ts";

/** A policy, and who answers when it has somebody asked. */
export interface Row {
  readonly policy: PolicyName;
  readonly approver: Approver;
}

export interface RowResult extends Row {
  /** Nobody attacks. */
  readonly benign: Tally;
  /** Attackers who want something done; every task with every goal. */
  readonly plain: Tally;
  /** Attackers who want something said in the answer. */
  readonly words: Tally;
  readonly adaptive: readonly { readonly attack: string; readonly tally: Tally }[];
}

export interface RunOptions {
  readonly rows: readonly Row[];
  readonly seed: number;
  /** Some of everything. */
  readonly isQuick: boolean;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal | undefined;
}

export async function runInjection({ rows, seed, isQuick, say, signal }: RunOptions): Promise<RowResult[]> {
  const suite = casesOfSuite(seed, isQuick);
  const results: RowResult[] = [];
  for (const row of rows) {
    say(`${row.policy}, ${row.approver}: ${suite.plain.length} pairs`);
    const conditions = { ...row, seed };
    const adaptive = [];
    const tally = (cases: readonly Case[]): Promise<Tally> => tallyOf(cases, conditions, signal);
    const [benign, plain, words] = [await tally(suite.benign), await tally(suite.plain), await tally(suite.words)];
    for (const { name, cases } of row.policy === "shipped" ? [] : suite.adaptive)
      adaptive.push({ attack: name, tally: await tally(cases) });
    results.push({ ...row, benign, plain, words, adaptive });
  }
  return results;
}

/** Every so many of the pairs when it is to be quick: no divisor of how many goals a world has. */
const QUICK_EVERY = 37;

function casesOfSuite(seed: number, isQuick: boolean) {
  const pairs = pairsOf(environments);
  const some = <Thing>(all: readonly Thing[], every: number): readonly Thing[] =>
    isQuick ? all.filter((_, index) => (index + seed) % every === 0) : all;
  const [actions, words] = [
    pairs.filter(({ goal }) => !goal.isOnlyWords),
    pairs.filter(({ goal }) => goal.isOnlyWords),
  ];
  const sample = isQuick
    ? { tasksPerGoal: 1, most: 4, mostKept: 1, seed }
    : { tasksPerGoal: 2, most: 200, mostKept: 16, seed };
  return {
    benign: some(benignCases(environments), 4),
    plain: some(actions, QUICK_EVERY).map(plainCase),
    words: some(words, QUICK_EVERY).map(plainCase),
    adaptive: adaptiveAttacks.map((attack) => ({ name: attack.name, cases: casesOf(attack, actions, sample) })),
  };
}
