import type { Message, Timing, Usage } from "@aiosjs/sdk/protocol";
import { isSysError } from "@aiosjs/sdk/protocol";
import { createSimCore } from "../../src/drivers/llm/sim/core.ts";
import type { SimCore } from "../../src/drivers/llm/sim/core.ts";
import type { SimParameters } from "../../src/drivers/llm/sim/parameters.ts";
import { systemHash } from "../../src/drivers/random/system.ts";
import type { KernelSettings } from "../../src/kernel/ports.ts";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { workloads } from "./workloads.ts";
import type { AgentPlan, Step, WorkloadName } from "./workloads.ts";

export interface SimulationOptions {
  /** A named workload, or plans of one's own. */
  readonly workload: WorkloadName | readonly AgentPlan[];
  readonly agents?: number;
  readonly seed?: number;
  readonly load?: number;
  readonly core?: Partial<SimParameters>;
  readonly scheduler?: Partial<KernelSettings["scheduler"]>;
}

interface Summary {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
}

/** One call as its agent saw it. */
interface CallOutcome {
  readonly agent: AgentPlan;
  /** Errno, or undefined for a call that completed. */
  readonly failure: string | undefined;
  readonly timing: Timing | undefined;
  readonly usage: Usage | undefined;
}

export interface SimulationMetrics {
  readonly agents: number;
  readonly calls: readonly CallOutcome[];
  readonly done: number;
  readonly failed: number;
  /** From an agent's start to its last answer. */
  readonly completionMs: Summary;
  readonly completionOfMs: ReadonlyMap<AgentPlan, number>;
  /** Waiting in run queues per call. */
  readonly waitMs: Summary & { readonly max: number };
  /** Of the completion times: 1 is equal, 1/n is one takes all. Jain, Chiu and Hawe, 1984. */
  readonly jain: number;
  readonly callsPerSecond: number;
  readonly tokensPerSecond: number;
  /** 429s, 503s and 529s of the upstream. */
  readonly refused: number;
  readonly wastedTokens: number;
  readonly virtualMs: number;
  /** Slots still taken when all is over. */
  readonly leakedSlots: number;
  /** SHA-256 over the journal's events. */
  readonly eventHash: string;
}

/** Runs the real kernel under a workload on the virtual clock. The same options give the same metrics, to the last bit. */
export async function simulate(options: SimulationOptions): Promise<SimulationMetrics> {
  const { workload, agents = 100, seed = 1, load = 1 } = options;
  const named = typeof workload === "string" ? workloads[workload] : undefined;
  const plans = typeof workload === "string" ? workloads[workload].plan({ agents, seed, load }) : workload;
  let core: SimCore | undefined;
  const rig = await openRig({
    seed,
    cores: (clock) => [(core = createSimCore({ clock, seed, ...named?.core, ...options.core }))],
    scheduler: { queueLimit: Infinity, tenantQueueLimit: Infinity, ...options.scheduler },
  });
  const startMs = rig.clock.nowMs();
  const calls: CallOutcome[] = [];
  const completionOfMs = new Map<AgentPlan, number>();
  const run = async (agent: AgentPlan) => {
    const { signal } = new AbortController();
    await rig.clock.wakeAt(startMs + agent.startMs, signal);
    await runAgent(rig, agent, calls);
    completionOfMs.set(agent, rig.clock.nowMs() - startMs - agent.startMs);
  };
  await rig.clock.run(Promise.all(plans.map(run)));
  const virtualMs = rig.clock.nowMs() - startMs;
  const events = await rig.journal.events({ afterSeq: 0, limit: Infinity });
  const leakedSlots = core === undefined ? 0 : core.running + core.waiting;
  await rig.clock.run(Promise.resolve(rig.kernel[Symbol.asyncDispose]()));

  const completions = [...completionOfMs.values()];
  const done = calls.filter(({ failure }) => failure === undefined);
  const tokens = done.reduce((sum, { usage }) => sum + (usage?.outputTokens ?? 0), 0);
  const waits = done.map(({ timing }) => timing?.waitingMs ?? 0);
  return {
    agents: plans.length,
    calls,
    done: done.length,
    failed: calls.length - done.length,
    completionMs: summarize(completions),
    completionOfMs,
    waitMs: { ...summarize(waits), max: waits.reduce((most, wait) => Math.max(most, wait), 0) },
    jain: jain(completions),
    callsPerSecond: (done.length / virtualMs) * 1000,
    tokensPerSecond: (tokens / virtualMs) * 1000,
    refused: events.filter(({ topic }) => topic === "lane.refused").length,
    wastedTokens: calls.reduce((sum, { usage }) => sum + (usage?.wastedTokens ?? 0), 0),
    virtualMs,
    leakedSlots,
    eventHash: systemHash.sha256(JSON.stringify(events)),
  };
}

/** Plays a plan through the client of the sdk. A call that fails is noted, and the agent goes on. */
async function runAgent(rig: Rig, agent: AgentPlan, calls: CallOutcome[]): Promise<void> {
  const { client } = rig.client(agent.name, agent.tenant);
  const { signal } = new AbortController();
  const history: Message[] = [];
  const ask = async (step: Step, index: number) => {
    const asked: Message = { role: "user", content: promptOf(agent.name, index, step.promptTokens) };
    const messages = agent.growsContext ? [...history, asked] : [asked];
    if (agent.growsContext) history.push(asked);
    try {
      const call = client.llm.chat({ messages, maxTokens: step.outputTokens }, { class: agent.class });
      const { result, usage, timing } = await call.outcome();
      if (agent.growsContext) history.push(result.message);
      calls.push({ agent, failure: undefined, usage, timing });
    } catch (cause) {
      if (!isSysError(cause)) throw cause;
      calls.push({ agent, failure: cause.code, usage: undefined, timing: undefined });
    }
  };
  let index = 0;
  for (const { steps, gapMs } of agent.waves) {
    await Promise.all(steps.map((step) => ask(step, index++)));
    if (gapMs > 0) await rig.clock.wakeAt(rig.clock.nowMs() + gapMs, signal);
  }
}

/** A text of so many tokens that no other call has. */
function promptOf(agent: string, index: number, tokens: number): string {
  return `${agent} step ${index}: `.padEnd(tokens * 4, "lorem ipsum dolor sit amet ");
}

function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((left, right) => left - right);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  const sum = values.reduce((left, right) => left + right, 0);
  return { mean: values.length === 0 ? 0 : sum / values.length, p50: at(0.5), p99: at(0.99) };
}

function jain(values: readonly number[]): number {
  const sum = values.reduce((left, right) => left + right, 0);
  const squares = values.reduce((left, right) => left + right * right, 0);
  return squares === 0 ? 1 : (sum * sum) / (values.length * squares);
}
