import { adaptiveAttacks, casesOf } from "./adaptive/attacks.ts";
import type { Approver } from "./approvers.ts";
import { environments } from "./environments.ts";
import { benignCases, pairsOf, plainCase } from "./pairs.ts";
import type { PolicyName } from "./policies.ts";
import { repeatedCases } from "./repeated.ts";
import type { Case } from "./run-case.ts";
import { sumOf, tallyOf } from "./tally.ts";
import type { Tally } from "./tally.ts";

/** A policy, and who answers when it has somebody asked. */
export interface Row {
  readonly policy: PolicyName;
  readonly approver: Approver;
  /** Whether agents choose their tools first. Default: they do not. */
  readonly mode?: "plan" | undefined;
}

export const nameOf = ({ policy, approver, mode }: Row): string =>
  `${policy === "none" ? policy : `${policy}, ${approver}`}${mode === "plan" ? ", tools chosen first" : ""}`;

export interface RowResult extends Row {
  /** Nobody attacks. */
  readonly benign: Tally;
  /** Attackers who want something done; every task with every goal. */
  readonly plain: Tally;
  /** Attackers who want something said in the answer. */
  readonly words: Tally;
  /** Attackers who want the user's own call made once more. */
  readonly again: Tally;
  /** The first two, by the world's name. */
  readonly worlds: readonly { readonly world: string; readonly benign: Tally; readonly plain: Tally }[];
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
    say(`${nameOf(row)}: ${suite.plain.length} pairs`);
    const conditions = { ...row, seed };
    const adaptive = [];
    const tally = (cases: readonly Case[]): Promise<Tally> => tallyOf(cases, conditions, signal);
    const worlds = [];
    for (const { name: world } of environments) {
      const here = ({ environment }: Case): boolean => environment.name === world;
      worlds.push({
        world,
        benign: await tally(suite.benign.filter(here)),
        plain: await tally(suite.plain.filter(here)),
      });
    }
    const [words, again] = [await tally(suite.words), await tally(suite.again)];
    for (const { name, cases } of row.policy === "none" && row.mode ? [] : suite.adaptive)
      adaptive.push({ attack: name, tally: await tally(cases) });
    const [benign, plain] = [sumOf(worlds.map((one) => one.benign)), sumOf(worlds.map((one) => one.plain))];
    results.push({ ...row, benign, plain, words, again, worlds, adaptive });
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
    ? { tasksPerGoal: 1, most: 2, mostKept: 1, seed }
    : { tasksPerGoal: 2, most: 200, mostKept: 16, seed };
  return {
    benign: some(benignCases(environments), 4),
    plain: some(actions, QUICK_EVERY).map(plainCase),
    words: some(words, QUICK_EVERY).map(plainCase),
    again: some(repeatedCases(environments), 8),
    adaptive: adaptiveAttacks.map((attack) => ({ name: attack.name, cases: casesOf(attack, actions, sample) })),
  };
}
