import { asKeyId, asTenantId, isTerminal } from "@aiosjs/sdk/protocol";
import type { ChatResult, Message, SysEvent, Timing, Usage } from "@aiosjs/sdk/protocol";
import { createVirtualClock } from "../../drivers/clock/virtual.ts";
import type { VirtualClock } from "../../drivers/clock/virtual.ts";
import { createSimCore } from "../../drivers/llm/sim/core.ts";
import type { SimParameters } from "../../drivers/llm/sim/parameters.ts";
import { createSeededRandom } from "../../drivers/random/seeded.ts";
import { systemHash } from "../../drivers/random/system.ts";
import { createKernel } from "../../kernel/kernel.ts";
import type { Policy } from "../../kernel/policies/policy.ts";
import type { AccountRow, Caller, Core, Kernel, KernelSettings } from "../../kernel/ports.ts";
import { createDigestJournal } from "./digest-journal.ts";
import { workloads } from "./workloads.ts";
import type { AgentPlan, Step, WorkloadName } from "./workloads.ts";

export interface SimulationOptions {
  /** A named workload, or plans of one's own. */
  readonly workload: WorkloadName | readonly AgentPlan[];
  readonly agents?: number;
  readonly seed?: number;
  readonly load?: number;
  readonly core?: Partial<SimParameters>;
  /** Cores of one's own instead of the simulated machine. */
  readonly cores?: (clock: VirtualClock) => readonly Core[];
  readonly scheduler?: Partial<KernelSettings["scheduler"]>;
  readonly budgets?: KernelSettings["budgets"];
  /** Silence after which an agent's process ends. Default: ten minutes; no plan of the named workloads pauses so long. */
  readonly idleReapMs?: number;
  /** Policies beside those that ship with the kernel. */
  readonly policies?: readonly Policy[];
  /**
   * What a conversation sends: all of it each time, as clients do (`resent`), or the new turn alone as if the core still held
   * the rest (`held`), for runs whose point is not the prompts. Default: resent.
   */
  readonly context?: "resent" | "held";
  /** Default: answers come in one piece. */
  readonly isStreamed?: boolean;
  /** Told all events of each call when it has ended; `index` counts the calls of its agent as planned. */
  readonly heard?: (agent: AgentPlan, index: number, events: readonly SysEvent[]) => void;
  /** The core as the kernel sees it: a place to look in. */
  readonly watch?: (core: Core) => Core;
}

/** One call as its agent saw it. */
interface CallOutcome {
  readonly agent: AgentPlan;
  /** Errno, or undefined for a call that completed. */
  readonly failure: string | undefined;
  readonly timing: Timing;
  readonly usage: Usage;
}

export interface SimulationRun {
  readonly plans: readonly AgentPlan[];
  readonly calls: readonly CallOutcome[];
  /** From an agent's start to its last answer. */
  readonly completionOfMs: ReadonlyMap<AgentPlan, number>;
  /** 429s, 503s and 529s of the upstream. */
  readonly refused: number;
  readonly virtualMs: number;
  /** Of this machine, from the first agent's start to the last one's end. */
  readonly wallMs: number;
  /** Slots still taken when all is over. */
  readonly leakedSlots: number;
  /** Of preempted calls, that nobody has resumed or discarded then. */
  readonly leakedSnapshots: number;
  /** Budgets as the journal has them when all is over; what is reserved counts as used there. */
  readonly accounts: readonly AccountRow[];
  /** SHA-256 over the journal's events. */
  readonly eventHash: string;
}

const settings: KernelSettings = {
  name: "simulation",
  version: "0.0.0",
  scheduler: {
    policy: "fifo",
    weights: {},
    queueLimit: Infinity,
    tenantQueueLimit: Infinity,
    maxConcurrent: 64,
    defaultTimeoutMs: 600_000,
    ageMs: 30_000,
    maxAttempts: 4,
  },
  aliases: { "*": "auto" },
  router: { strategy: "sequential", weights: {}, alpha: 0.7, fallbacks: {}, rules: [] },
  minOutputTokens: 256,
  graceMs: 1_000,
  idleReapMs: 600_000,
  maxNewProcessesPerMinute: Infinity,
  memory: { defaultQuotaMb: 64, tenantQuotaMb: 256, globalLimitMb: 512 },
  files: { maxBytes: 1e9, maxBytesPerProcess: 1e9, maxFiles: 1e6 },
  budgets: {},
};

/** Runs the real kernel under a workload on the virtual clock. The same options give the same run, to the last bit. */
export async function simulate(options: SimulationOptions): Promise<SimulationRun> {
  const { workload, agents = 100, seed = 1, load = 1, watch = (core) => core } = options;
  const named = typeof workload === "string" ? workloads[workload] : undefined;
  const plans = typeof workload === "string" ? workloads[workload].plan({ agents, seed, load }) : workload;
  const clock = createVirtualClock(1_700_000_000_000, { awaits: "promises" });
  const core = createSimCore({ clock, seed, ...named?.core, ...options.core });
  const journal = createDigestJournal();
  const kernel = await createKernel({
    clock,
    journal,
    random: createSeededRandom(seed),
    hash: systemHash,
    settings: {
      ...settings,
      scheduler: { ...settings.scheduler, ...options.scheduler },
      budgets: options.budgets ?? {},
      idleReapMs: options.idleReapMs ?? settings.idleReapMs,
    },
    policies: options.policies ?? [],
    cores: options.cores?.(clock) ?? [watch(core)],
    drivers: [],
    host: { signal: () => false, isAlive: () => false, isWithin: () => false },
    logs: { append: () => undefined, read: async function* () {} },
    programs: { find: nothing, run: nothing },
    reload: nothing,
    onShutdown: () => undefined,
  });
  const startMs = clock.nowMs();
  const beganAt = performance.now();
  const calls: CallOutcome[] = [];
  const completionOfMs = new Map<AgentPlan, number>();
  const run = async (agent: AgentPlan) => {
    await clock.wakeAt(startMs + agent.startMs, forever);
    await runAgent(agent, {
      clock,
      kernel,
      calls,
      context: options.context ?? "resent",
      isStreamed: options.isStreamed ?? false,
      heard: options.heard,
    });
    completionOfMs.set(agent, clock.nowMs() - startMs - agent.startMs);
  };
  await clock.run(Promise.all(plans.map(run)));
  const [virtualMs, wallMs] = [clock.nowMs() - startMs, performance.now() - beganAt];
  const [leakedSlots, leakedSnapshots] = [core.running + core.waiting, core.snapshots];
  await clock.run(Promise.resolve(kernel[Symbol.asyncDispose]()));
  const refused = journal.counts.get("lane.refused") ?? 0;
  const accounts = [...journal.accounts.values()];
  return {
    plans,
    calls,
    completionOfMs,
    refused,
    virtualMs,
    wallMs,
    leakedSlots,
    leakedSnapshots,
    accounts,
    eventHash: journal.digest(),
  };
}

const forever = new AbortController().signal;
const nothing = (): Promise<never> => Promise.reject(new Error("no programs and no configuration in a simulation"));

/** Each agent has a key of its own, as a process that `aios run` starts has. */
function callerOf(kernel: Kernel, { name, tenant, nice, class: schedulingClass, deadlineMs }: AgentPlan): Caller {
  const principal = { tenant: asTenantId(tenant), key: asKeyId(`k-${name}`), pid: null, scopes: ["llm.*"] };
  const pid = kernel.identify(principal, { session: name });
  return { principal, pid, nice, class: schedulingClass, deadlineMs, onDetach: "abort" };
}

/** Plays a plan: each call is a syscall that is read to its end. A call that fails is noted, and the agent goes on. */
async function runAgent(
  agent: AgentPlan,
  room: {
    clock: VirtualClock;
    kernel: Kernel;
    calls: CallOutcome[];
    context: "resent" | "held";
    isStreamed: boolean;
    heard: SimulationOptions["heard"];
  },
): Promise<void> {
  const { clock, kernel, calls, heard } = room;
  const caller = callerOf(kernel, agent);
  const isResent = agent.growsContext && room.context === "resent";
  const history: Message[] = [];
  const ask = async (step: Step, index: number) => {
    if (step.delayMs) await clock.wakeAt(clock.nowMs() + step.delayMs, forever);
    const asked: Message = { role: "user", content: promptOf(agent.name, index, step.promptTokens) };
    const messages = isResent ? [...history, asked] : [asked];
    if (isResent) history.push(asked);
    const call = kernel.syscall(
      "llm.chat",
      { messages, maxTokens: step.outputTokens, stream: room.isStreamed, ...(step.model ? { model: step.model } : {}) },
      caller,
    );
    let last: Extract<SysEvent, { type: "syscall.completed" | "syscall.failed" }> | undefined;
    const events: SysEvent[] | undefined = heard && [];
    for await (const batch of call)
      for (const event of batch) {
        events?.push(event);
        if (last) throw new Error(`a call went on after its last event, with ${event.type}`);
        if (isTerminal(event)) last = event;
      }
    if (!last) throw new Error("a call ended without its last event");
    if (events) heard?.(agent, index, events);
    const { usage, timing } = last;
    if (last.type === "syscall.failed") return void calls.push({ agent, failure: last.error.code, usage, timing });
    if (isResent) history.push((last.result as ChatResult).message);
    calls.push({ agent, failure: undefined, usage, timing });
  };
  let index = 0;
  for (const { steps, gapMs } of agent.waves) {
    await Promise.all(steps.map((step) => ask(step, index++)));
    if (gapMs > 0) await clock.wakeAt(clock.nowMs() + gapMs, forever);
  }
}

/** A text of so many tokens that no other call has. */
function promptOf(agent: string, index: number, tokens: number): string {
  return `${stepName(agent, index)}: `.padEnd(tokens * 4, "lorem ipsum dolor sit amet ");
}

/** What a call of a plan is known by: the beginning of its prompt, up to the first colon. */
export const stepName = (agent: string, index: number): string => `${agent} step ${index}`;
