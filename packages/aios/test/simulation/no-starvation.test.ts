import { asPid, asTenantId } from "@aiosjs/sdk/protocol";
import { describe, expect, test, vi } from "vitest";
import { simulate } from "../../src/bench/sched/simulate.ts";
import type { SimulationOptions } from "../../src/bench/sched/simulate.ts";
import { draws } from "../../src/drivers/llm/sim/prng.ts";
import { edf } from "../../src/kernel/policies/edf.ts";
import { fifo } from "../../src/kernel/policies/fifo.ts";
import { plasVtc } from "../../src/kernel/policies/plas-vtc.ts";
import { priority } from "../../src/kernel/policies/priority.ts";
import type { Policy, Waiting } from "../../src/kernel/policies/policy.ts";
import { shippedPolicies } from "../../src/kernel/policies/table.ts";
import { watched } from "./watched-policy.ts";

// Virtual time: how long a machine takes that has other things to do says nothing.
vi.setConfig({ testTimeout: 60_000 });

const AGE_MS = 1_000;
const SERVICE_MS = 100;
/** The call that might starve: polite, of a program that has received much, with a deadline far away. */
const servedMs = 20_000;
const deadlineMs = 60_000;
const NICE = 5;
/** Of those that keep coming, at best. */
const BEST_NICE = -20;

/** How long, at most, calls that come later may go before the one that might starve. */
const patienceMs: Record<string, number> = {
  fifo: 0,
  // Three calls of its process are six half rounds, and each is twice as long as the one before: two come per turn.
  rr: 2 ** 5 * SERVICE_MS,
  priority: (NICE - BEST_NICE) * AGE_MS,
  edf: deadlineMs - 1_000,
  // Then each of its three calls waits for a turn of the oldest, which is every fourth.
  "plas-vtc": (NICE - BEST_NICE) * AGE_MS + 3 * 4 * SERVICE_MS,
};

/** Calls that come without end, two for each that is served. @returns when the last of the victim's three calls is served. */
function servedAtMs(policy: Policy, seed: number): number {
  let nowMs = 0;
  let arrival = 0;
  const chance = draws(seed, policy.name, "flood");
  const queue = policy.createQueue<Waiting>({ ageMs: AGE_MS, nowMs: () => nowMs, weightOf: () => 1 });
  const entry = (name: string, others: Partial<Waiting>): Waiting => ({
    tenant: asTenantId("local"),
    pid: asPid(name),
    program: asPid(name),
    attained: { service: 0, servedMs: 0, waitedMs: 0 },
    nice: 0,
    class: "batch",
    arrivedMs: nowMs,
    arrival: arrival++,
    deadlineAtMs: nowMs + 1_000,
    demand: { inputTokens: 100, outputTokens: 100 },
    ...others,
  });
  const attained = { service: 10_000, servedMs, waitedMs: 0 };
  const victim = () => entry("victim", { nice: NICE, attained, deadlineAtMs: nowMs + deadlineMs });
  queue.push(entry("before", {}));
  const victims = new Set([victim(), victim(), victim()]);
  for (const one of victims) queue.push(one);
  const endMs = 20 * (patienceMs[policy.name] ?? Number.NaN) + 100_000;
  for (let count = 0; victims.size > 0; count++) {
    if (nowMs > endMs) return Number.POSITIVE_INFINITY;
    for (let n = 0; n < 2; n++) queue.push(entry(`other-${count}-${n}`, { nice: BEST_NICE + chance.below(10) }));
    const next = queue.peek()!;
    queue.dispatch(next);
    queue.charge(next.entry, { prefillTokens: 100, decodeTokens: 100 });
    victims.delete(next.entry);
    nowMs += SERVICE_MS;
    queue.release(next.entry);
  }
  return nowMs;
}

test.each(shippedPolicies.map((policy) => [policy.name, policy] as const))(
  "nobody starves under %s: a call is served although two come for each that is served, without end",
  (name, policy) => {
    for (const seed of [1, 2, 3]) {
      const atMs = servedAtMs(policy, seed);
      // While its patience lasts two come per turn; those that came until then may all go before it, then nobody.
      expect(atMs).toBeLessThanOrEqual(2 * (patienceMs[name] ?? Number.NaN) + 10 * SERVICE_MS);
    }
  },
);

/** Until when a call may be passed by those that come after it: each policy's own promise. */
const dueMs: readonly (readonly [Policy, (entry: Waiting) => number])[] = [
  [fifo, ({ arrivedMs }) => arrivedMs],
  [priority, ({ arrivedMs }) => arrivedMs],
  [edf, ({ deadlineAtMs }) => deadlineAtMs],
];

/** The kernel with three times the work that its core can do. */
const crowd = (seed: number, policy: Policy): SimulationOptions => ({
  workload: "noisy-tenant",
  agents: 120,
  seed,
  load: 3,
  core: { slots: 4 },
  context: "held",
  scheduler: { policy: policy.name },
  policies: [policy],
});

describe.each(dueMs)("$name through the kernel, above capacity", (policy, dueOf) => {
  test.each([1, 2])("nobody of its tenant who comes after a call is due goes before it (seed %i)", async (seed) => {
    const waiting = new Map<Waiting, { due: number; came: number }>();
    const passed: string[] = [];
    let dispatches = 0;
    const looked = watched(policy, {
      pushed: (entry, nowMs) => void waiting.set(entry, { due: dueOf(entry), came: nowMs }),
      dispatched(entry) {
        dispatches++;
        const { came } = waiting.get(entry)!;
        waiting.delete(entry);
        for (const [other, { due }] of waiting)
          if (other.tenant === entry.tenant && due < came) passed.push(`${entry.pid} passed ${other.pid}`);
      },
    });
    await simulate(crowd(seed, looked));
    expect(dispatches).toBeGreaterThan(500);
    expect(passed).toEqual([]);
  });
});

test.each([1, 2])(
  "under plas-vtc through the kernel, above capacity, a call goes with the fourth turn after those that were before it (seed %i)",
  async (seed) => {
    /** Of each waiting call: how many of its tenant waited when it came, and how many have gone since. */
    const waiting = new Map<Waiting, { before: number; gone: number }>();
    const late: string[] = [];
    let passes = 0;
    const looked = watched(plasVtc, {
      pushed(entry) {
        const before = [...waiting.keys()].filter(({ tenant }) => tenant === entry.tenant).length;
        waiting.set(entry, { before, gone: 0 });
      },
      dispatched(entry) {
        const { before, gone } = waiting.get(entry)!;
        waiting.delete(entry);
        if (gone > before) passes++;
        if (gone >= 4 * (before + 1)) late.push(`${entry.pid} after ${gone}, with ${before} before it`);
        for (const [other, count] of waiting) if (other.tenant === entry.tenant) count.gone++;
      },
    });
    await simulate(crowd(seed, looked));
    // Short programs do pass long ones.
    expect(passes).toBeGreaterThan(50);
    expect(late).toEqual([]);
  },
);
