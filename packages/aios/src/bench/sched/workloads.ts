import type { SchedulingClass } from "@aiosjs/sdk/protocol";
import { noFaults, simDefaults } from "../../drivers/llm/sim/parameters.ts";
import type { SimParameters } from "../../drivers/llm/sim/parameters.ts";
import { draws } from "../../drivers/llm/sim/prng.ts";
import type { Draws } from "../../drivers/llm/sim/prng.ts";

/** One model call of a plan. */
export interface Step {
  /** New tokens that this call adds to the prompt. */
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** After the start of its wave. Default: 0. */
  readonly delayMs?: number;
  /** Which model is asked, where there are several. */
  readonly model?: string;
}

/** What one agent will do: waves of calls, the calls of a wave at once, and a pause (a tool, a thought) after each wave. */
export interface AgentPlan {
  readonly name: string;
  readonly tenant: string;
  readonly class: SchedulingClass;
  /** Default: 0. */
  readonly nice?: number;
  /** Of each call. Default: the kernel's timeout. */
  readonly deadlineMs?: number;
  readonly startMs: number;
  readonly waves: readonly { readonly steps: readonly Step[]; readonly gapMs: number }[];
  /** Whether each wave's prompt holds all before it, as in a conversation. */
  readonly growsContext: boolean;
}

interface WorkloadOptions {
  readonly agents: number;
  readonly seed: number;
  /** Work offered against what the core can do; 1: just as much. */
  readonly load: number;
}

export interface Workload {
  /** The core that it is meant for, where it differs from the usual one. */
  readonly core: Partial<SimParameters>;
  plan(options: WorkloadOptions): AgentPlan[];
}

/** The machine of the prototype: about 2,300 tokens/s in all. */
const usualCore = {
  slots: 32,
  ttftMs: 0,
  // Longer than any step asks for: `maxTokens` decides.
  outputTokens: 2_000,
  outputSigma: 0,
  models: [{ id: "sim" }],
  answers: "filler",
  // A conversation is not read anew at each turn.
  prefixCacheTokens: 4_000_000,
} satisfies Partial<SimParameters>;

type Shape = "chat" | "react" | "deep" | "mapreduce";

const between = (chance: Draws, least: number, most: number) => least + chance.below(most - least + 1);
const step = (chance: Draws, isFirst: boolean): Step => ({
  promptTokens: Math.min(4_000, Math.ceil(chance.lognormal(isFirst ? 330 : 100, 0.8))),
  outputTokens: Math.min(1_200, Math.ceil(chance.lognormal(100, 0.8))),
});

/** Calls one after the other, with the gaps of tools between them. */
function sequence(chance: Draws, calls: number): AgentPlan["waves"] {
  return Array.from({ length: calls }, (_, index) => ({
    steps: [step(chance, index === 0)],
    gapMs: index < calls - 1 ? chance.lognormal(735, 1) : 0,
  }));
}

const shapes: Record<Shape, (chance: Draws) => AgentPlan["waves"]> = {
  chat: (chance) => sequence(chance, between(chance, 1, 3)),
  react: (chance) => sequence(chance, between(chance, 5, 13)),
  deep: (chance) => sequence(chance, between(chance, 20, 60)),
  mapreduce: (chance) => [
    { steps: [step(chance, true)], gapMs: 0 },
    { steps: Array.from({ length: between(chance, 4, 16) }, () => step(chance, false)), gapMs: 0 },
    { steps: [step(chance, false)], gapMs: 0 },
  ],
};

interface Mix {
  readonly core?: Partial<SimParameters>;
  readonly shape: (chance: Draws, index: number) => Shape;
  readonly tenant?: (chance: Draws) => string;
  readonly isAtOnce?: boolean;
}

function workload({ core = {}, shape, tenant = () => "local", isAtOnce = false }: Mix): Workload {
  return {
    core: { ...usualCore, ...core },
    plan: ({ agents, seed, load }) => {
      const plans = Array.from({ length: agents }, (_, index): AgentPlan => {
        const chance = draws(seed, index, "plan");
        const kind = shape(chance, index);
        return {
          name: `${kind}-${index}`,
          tenant: tenant(chance),
          class: "batch",
          startMs: 0,
          waves: shapes[kind](chance),
          growsContext: kind !== "mapreduce",
        };
      });
      if (isAtOnce) return plans;
      const spanMs = plans.reduce((sum, plan) => sum + workMs(plan), 0) / load;
      return plans.map((plan, index) => ({ ...plan, startMs: draws(seed, index, "start").next() * spanMs }));
    },
  };
}

/** Machine time of a plan when all slots are busy. */
function workMs({ waves }: AgentPlan): number {
  const { iterationMs, perSequenceMs, prefillUsPerToken } = simDefaults;
  const perToken = iterationMs / usualCore.slots + perSequenceMs;
  const steps = waves.flatMap((wave) => wave.steps);
  return steps.reduce(
    (sum, one) => sum + one.outputTokens * perToken + (one.promptTokens * prefillUsPerToken) / 1000,
    0,
  );
}

/** 60 % short, 30 % medium, 10 % long. */
const mixed = (chance: Draws): Shape => {
  const at = chance.next();
  return at < 0.6 ? "chat" : at < 0.9 ? "react" : "deep";
};

/** Seeded workloads by name. */
export const workloads = {
  chat: workload({ shape: () => "chat" }),
  react: workload({ shape: () => "react" }),
  deep: workload({ shape: () => "deep" }),
  mapreduce: workload({ shape: () => "mapreduce" }),
  mixed: workload({ shape: mixed }),
  /** All at once. */
  storm: workload({ shape: mixed, isAtOnce: true }),
  /** One tenant of ten sends half of it all. */
  "noisy-tenant": workload({
    shape: mixed,
    tenant: (chance) => (chance.next() < 0.5 ? "noisy" : `tenant-${chance.below(9)}`),
  }),
  /** The upstream allows 10 requests per second. */
  ratelimited: workload({ shape: mixed, core: { limits: { requestsPerMinute: 600, burst: 10 } } }),
  /** Every fifth attempt breaks, one way or another. */
  flaky: workload({
    shape: mixed,
    core: {
      faults: {
        ...noFaults,
        tooManyRequests: 0.04,
        serverError: 0.05,
        disconnect: 0.04,
        stall: 0.01,
        malformed: 0.03,
        slow: 0.03,
      },
    },
  }),
} as const satisfies Record<string, Workload>;
export type WorkloadName = keyof typeof workloads;
