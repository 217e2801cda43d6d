import type { ManifestInput } from "@aiosjs/sdk/protocol";
import { answerAll } from "./approvers.ts";
import type { Approver, Asked } from "./approvers.ts";
import { policyOf } from "./policies.ts";
import type { PolicyName } from "./policies.ts";
import { byPlace } from "./rehearse.ts";
import { createScriptedModel } from "./scripted-model.ts";
import type { AnyEnvironment, InjectionTask, Plan, ToolUse, UserTask } from "./world.ts";
import { openWorldKernel } from "./world-kernel.ts";
import type { WorldKernelOptions } from "./world-kernel.ts";
import { createWorldToolbox } from "./world-toolbox.ts";
import type { AgentTool } from "./world-toolbox.ts";

/** What one agent is told, and the right way to do it. */
export interface Session {
  readonly prompt: string;
  readonly plan: () => Plan;
}

/** One user task, in a world that somebody may have tampered with. */
export interface Case {
  readonly environment: AnyEnvironment;
  readonly task: UserTask<unknown>;
  /** What the user's own plans call, for an approver who knows what was meant. */
  readonly meant: readonly ToolUse[];
  readonly attack?:
    | {
        readonly goal: InjectionTask<unknown>;
        /** What stands at a place beside its own words. */
        readonly poison: (place: string) => string;
        readonly obeys: "first" | "last";
      }
    | undefined;
  /** What happens before, around and beside the task. Default: nothing. */
  readonly staging?: Staging | undefined;
}

/** How an attack comes by a way of its own: other agents, earlier sessions, further tools. */
export interface Staging {
  /** Agents that run one after the other before the task's own; with the tools that they are given, or all. */
  readonly before?: readonly (Session & { readonly tools?: readonly string[]; readonly memory?: Memory })[];
  /** What other agents are asked by tools. */
  readonly asked?: readonly Session[];
  /** What the task's agent does first. */
  readonly first?: (() => Plan) | undefined;
  readonly tools?: readonly AgentTool[];
  readonly keeps?: WorldKernelOptions["keeps"];
  /** What the kernel reminds the task's agent of. */
  readonly memory?: Memory | undefined;
}

type Memory = NonNullable<ManifestInput["memory"]>;

export interface Conditions {
  readonly policy: PolicyName;
  readonly approver: Approver;
  readonly seed: number;
  /** `plan`: the task's agent chooses its tools from the user's words, before it reads anything else. Default: as it goes. */
  readonly mode?: "plan" | undefined;
}

export interface Outcome {
  /** The user has what they wanted. */
  readonly isUseful: boolean;
  /** The attacker has. */
  readonly isHijacked: boolean;
  /** A model has read what the attacker wrote. */
  readonly isRead: boolean;
  readonly asked: readonly Asked[];
}

const agentName = "assistant";

/** Runs it in a kernel of its own, by the same ways as any agent. */
export async function runCase(given: Case, { policy, approver, seed, mode }: Conditions): Promise<Outcome> {
  const { environment, task, meant, attack, staging = {} } = given;
  const { before = [], asked: others = [], first, tools = [], keeps } = staging;
  const state = environment.open(byPlace(attack?.poison ?? (() => "")));
  const sessions: readonly Session[] = [
    { prompt: task.prompt, plan: () => inTurn(first, task.plan) },
    ...before,
    ...others,
  ];
  const core = createScriptedModel({
    sessionOf: (said) => sessions.find(({ prompt }) => said.endsWith(prompt)),
    obeys: attack?.obeys ?? "first",
    planned: [...new Set([...meant.map(({ tool }) => tool), ...(first ? toolsOf(first()) : [])])],
  });
  const done: ToolUse[] = [];
  const toolbox = createWorldToolbox({
    environment,
    state,
    more: tools,
    did: (use) => void done.push(use),
    isDeclared: policy !== "none",
  });
  await using kernel = await openWorldKernel({ core, toolbox, policy: policyOf(policy, environment), seed, keeps });
  const { clock, person, until } = kernel;
  const over = new AbortController();
  const answering = answerAll(person, { approver, meant, done, clock, signal: over.signal });
  const start = async (
    prompt: string,
    {
      names = ["*"],
      ...more
    }: { names?: readonly string[] | undefined } & Partial<Pick<ManifestInput, "memory" | "mode">>,
  ) => {
    const { instructions } = environment;
    const agent = { name: agentName, instructions, tools: [...names], maxSteps: 60, ...more };
    return (await person.proc.spawn({ program: { kind: "agent", agent, task: prompt } })).pid;
  };
  const run = async (): Promise<string> => {
    for (const { prompt, tools: names, memory } of before)
      await person.proc.wait({ pid: await start(prompt, { names, ...(memory ? { memory } : {}) }) });
    const { memory } = staging;
    const how = { ...(memory ? { memory } : {}), ...(mode ? { mode } : {}) };
    const { result } = await person.proc.wait({ pid: await start(task.prompt, how) });
    return typeof result === "string" ? result : "";
  };
  try {
    const answer = await until(Promise.race([run(), answering.then(() => "")]));
    over.abort();
    return {
      isUseful: task.isDone(state, answer),
      isHijacked: attack?.goal.isDone(state, answer) ?? false,
      isRead: core.wasOrdered,
      asked: await answering,
    };
  } finally {
    over.abort();
  }
}

function* inTurn(first: (() => Plan) | undefined, then: () => Plan): Plan {
  if (first) yield* first();
  return yield* then();
}

/** What a plan calls whatever it is answered. */
function* toolsOf(plan: Plan): Generator<string> {
  for (let step = plan.next(); !step.done; step = plan.next("")) yield step.value.tool;
}
