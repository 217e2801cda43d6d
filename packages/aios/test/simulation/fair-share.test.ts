// The bound of virtual token counters (Sheng et al., OSDI '24, theorem 4.4): of two tenants that both have calls waiting all the
// while, neither receives more than 2 · max(w_p · L_in, w_q · M) beyond the other.
import { describe, expect, test, vi } from "vitest";
import { VTC_WEIGHTS, vtc } from "../../src/bench/sched/policies/vtc.ts";
import { simulate } from "../../src/bench/sched/simulate.ts";
import type { AgentPlan } from "../../src/bench/sched/workloads.ts";
import { draws } from "../../src/drivers/llm/sim/prng.ts";
import { fifo } from "../../src/kernel/policies/fifo.ts";
import { plasVtc } from "../../src/kernel/policies/plas-vtc.ts";
import { PREFILL_WEIGHT } from "../../src/kernel/policies/policy.ts";
import type { Policy, Service } from "../../src/kernel/policies/policy.ts";
import { watched } from "./watched-policy.ts";

// Virtual time: how long a machine takes that has other things to do says nothing.
vi.setConfig({ testTimeout: 60_000 });

const SLOTS = 8;
const LONGEST = 400;
const LONGEST_PROMPT = 1_200;
const tenants = ["many", "long", "steady", "late"] as const;

/** Four tenants that always have something waiting: many short calls, few long ones, a steady stream, and one that comes late. */
function plans(seed: number): AgentPlan[] {
  return tenants.flatMap((tenant, which) =>
    Array.from({ length: tenant === "many" ? 160 : 40 }, (_, index): AgentPlan => {
      const chance = draws(seed, which, index, "fair");
      const step = () => ({
        promptTokens: 20 + chance.below(tenant === "late" ? LONGEST_PROMPT - 100 : 200),
        outputTokens: tenant === "long" ? LONGEST - chance.below(50) : 20 + chance.below(80),
      });
      return {
        name: `${tenant}-${index}`,
        tenant,
        class: "batch",
        startMs: tenant === "late" ? 20_000 : tenant === "steady" ? index * 400 : 0,
        waves: Array.from({ length: 4 }, () => ({ steps: [step()], gapMs: 5 })),
        growsContext: false,
      };
    }),
  );
}

interface Weights {
  readonly prefill: number;
  readonly decode: number;
}

/** The most that any tenant received beyond another over a time in which both had calls waiting; and what was charged in all. */
async function largestGap(policy: Policy, weights: Weights, seed: number) {
  const waiting = new Map<string, number>();
  /** By pair: the difference of what they received since both wait, and its extremes. */
  const pairs = new Map<string, { gap: number; least: number; most: number }>();
  const seen = { gap: 0, pairs: 0, charged: 0 };
  const backlogged = () => [...waiting].flatMap(([tenant, count]) => (count > 0 ? [tenant] : []));
  const drop = (tenant: string) => {
    for (const key of pairs.keys()) if (key.split(" ").includes(tenant)) pairs.delete(key);
  };
  const charged = (tenant: string, { prefillTokens, decodeTokens }: Service) => {
    const service = weights.prefill * prefillTokens + weights.decode * decodeTokens;
    seen.charged += service;
    for (const [key, pair] of pairs) {
      const [left, right] = key.split(" ");
      if (left === tenant) pair.gap += service;
      else if (right === tenant) pair.gap -= service;
      else continue;
      pair.least = Math.min(pair.least, pair.gap);
      pair.most = Math.max(pair.most, pair.gap);
      // From any instant to any later one: the spread of the difference.
      seen.gap = Math.max(seen.gap, pair.most - pair.least);
    }
  };
  const run = await simulate({
    workload: plans(seed),
    seed,
    isStreamed: true,
    core: { slots: SLOTS, ttftMs: 0, outputTokens: 2_000, outputSigma: 0, chunkTokens: 4, answers: "filler" },
    scheduler: { policy: "watched", maxConcurrent: SLOTS },
    policies: [
      watched(policy, {
        pushed({ tenant }) {
          const count = waiting.get(tenant) ?? 0;
          for (const other of count === 0 ? backlogged() : []) {
            pairs.set(`${tenant} ${other}`, { gap: 0, least: 0, most: 0 });
            seen.pairs++;
          }
          waiting.set(tenant, count + 1);
        },
        left({ tenant }) {
          const count = (waiting.get(tenant) ?? 0) - 1;
          waiting.set(tenant, count);
          if (count === 0) drop(tenant);
        },
        charged: ({ tenant }, service) => charged(tenant, service),
      }),
    ],
  });
  const used = run.calls.reduce(
    (sum, { usage }) =>
      sum + weights.prefill * (usage.inputTokens - usage.cachedInputTokens) + weights.decode * usage.outputTokens,
    0,
  );
  return { ...seen, used, bound: 2 * Math.max(weights.prefill * LONGEST_PROMPT, weights.decode * SLOTS * LONGEST) };
}

const weightsOfProduct: Weights = { prefill: PREFILL_WEIGHT, decode: 1 };

describe.each([1, 2, 3])("seed %i", (seed) => {
  test.each([
    [vtc, VTC_WEIGHTS],
    [plasVtc, weightsOfProduct],
  ] as const)(
    "tenants that wait together receive alike, to the bound of the paper ($name)",
    async (policy, weights) => {
      const { gap, bound, pairs, charged, used } = await largestGap(policy, weights, seed);
      expect(pairs).toBeGreaterThan(3);
      // What policies are told is what was used, to the last token.
      expect(charged).toBeCloseTo(used, 3);
      expect(gap).toBeLessThanOrEqual(bound);
    },
  );
});

test("first come first served keeps no such bound: the tenant with many calls receives what it sends", async () => {
  const { gap, bound } = await largestGap(fifo, weightsOfProduct, 1);
  expect(gap).toBeGreaterThan(2 * bound);
});
