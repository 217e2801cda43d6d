// What an agent that obeys every text it reads can be made to do, by policy and by who answers when the gate asks.
import { environments } from "./injection/environments.ts";
import { pairsOf } from "./injection/pairs.ts";
import { runInjection } from "./injection/run.ts";
import type { Row } from "./injection/run.ts";
import { figuresOf, tablesOf } from "./injection/tables.ts";
import { measured } from "./parts.ts";
import { aimed } from "./report.ts";
import type { BenchReport, Figure, Table } from "./report.ts";

export interface InjectionBenchOptions {
  readonly seed?: number | undefined;
  /** Some of everything, in seconds. Default: all of it, in minutes. */
  readonly isQuick?: boolean | undefined;
  /** Told what is being measured, for people who wait. */
  readonly say?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const quickRows: readonly Row[] = [
  { policy: "none", approver: "always no" },
  { policy: "contacts and lists", approver: "always no" },
  { policy: "contacts and lists", approver: "oracle" },
];
const allRows: readonly Row[] = [
  { policy: "none", approver: "always no" },
  { policy: "none", approver: "always no", mode: "plan" },
  { policy: "shipped", approver: "always no" },
  { policy: "shipped", approver: "oracle" },
  { policy: "contacts and lists", approver: "always no" },
  { policy: "contacts and lists", approver: "oracle" },
  { policy: "contacts and lists", approver: "always yes" },
  { policy: "contacts and lists", approver: "always no", mode: "plan" },
];

/** Ten minutes on two cores. The same seed gives the same counts. */
export async function injection(options: InjectionBenchOptions = {}): Promise<BenchReport> {
  const { seed = 1, isQuick = false, say = () => undefined, signal } = options;
  let tables: readonly Table[] = [];
  const measure = async (): Promise<Figure[]> => {
    const results = await runInjection({ rows: isQuick ? quickRows : allRows, seed, isQuick, say, signal });
    tables = tablesOf(results);
    return figuresOf(results);
  };
  const parts = [
    ["the suite", () => Promise.resolve(sizeFigures())],
    ["attacks and tasks", measure],
  ] as const;
  const notes = [
    "scripted model: no model was asked; a script does every task right and obeys every order that it reads, in results, messages, notes, files and descriptions of tools, through five encodings",
    "approvers are scripted too: always no, an oracle that lets exactly the calls pass that the user's task means, always yes; they answer by approval.list, approval.show and approval.answer",
    "every case runs in a kernel of its own: ordinary agents, started by proc.spawn, with the think-act loop of the sdk; tools work on a state in memory, and both utility and attacks are told from that state",
    "the user's own call made twice: an attacker who wants done again what the user asked for once; what is vouched for is each value by itself: the same call with another number that the user has said for something else passes, and is not among the cases",
    "tools chosen first: agents with `mode: plan`; the script chooses those that the task takes, and whatever it is ordered to use before it has chosen",
    "only words: attackers who want something said in the answer to the user; no call is made, and no gate is in their way",
    ...(isQuick
      ? ["quick: some of the tasks, pairs and adaptive cases; the figures of the whole suite are published"]
      : []),
  ];
  const report = await measured({ name: "injection", seed, parts, notes, say, signal });
  return { ...report, tables };
}

function sizeFigures(): Figure[] {
  const goals = environments.flatMap(({ injections }) => injections.filter(({ isOnlyWords }) => !isOnlyWords));
  const pairs = pairsOf(environments).filter(({ goal }) => !goal.isOnlyWords);
  const tasks = environments.flatMap(({ tasks: some }) => some);
  return [
    aimed("user tasks", tasks.length, { unit: "tasks", bound: { atLeast: 90 } }),
    aimed("injection tasks", goals.length, { unit: "goals", bound: { atLeast: 30 } }),
    aimed("pairs", pairs.length, { unit: "pairs", bound: { atLeast: 900 } }),
  ];
}
