import { describe, expect, test, vi } from "vitest";
import { comparedPolicies } from "../../src/bench/sched/policies/table.ts";
import { simulate } from "../../src/bench/sched/simulate.ts";
import { workloads } from "../../src/bench/sched/workloads.ts";
import { shippedPolicies } from "../../src/kernel/policies/table.ts";

// Virtual time: how long a machine takes that has other things to do says nothing.
vi.setConfig({ testTimeout: 60_000 });

const policies = [...shippedPolicies, ...comparedPolicies].map(({ name }) => name);
const options = { workload: "flaky", agents: 30, seed: 5, load: 1.2 } as const;
const planned = workloads.flaky
  .plan(options)
  .reduce((sum, { waves }) => sum + waves.reduce((calls, { steps }) => calls + steps.length, 0), 0);

describe.each(policies)("under %s, with every fifth attempt broken", (policy) => {
  // `simulate` throws for a call that has no last event, or goes on after it.
  test.each(["none", "kv"] as const)(
    "every call has exactly one end, budgets hold what was used, nothing leaks, and the same seed is the same run (resume: %s)",
    async (resume) => {
      const run = () =>
        simulate({
          ...options,
          core: { resume, slots: 8 },
          scheduler: { policy, defaultTimeoutMs: 60_000 },
          policies: comparedPolicies,
          budgets: { local: [{ resource: "tokens", window: "run", limit: 1e12 }] },
        });
      const { calls, accounts, leakedSlots, leakedSnapshots, eventHash, refused } = await run();
      expect(calls).toHaveLength(planned);
      expect([leakedSlots, leakedSnapshots]).toEqual([0, 0]);
      expect(refused).toBeGreaterThan(0);
      const used = calls.reduce((sum, { usage }) => sum + usage.inputTokens + usage.outputTokens, 0);
      expect(accounts.map(({ scope }) => scope)).toEqual(["tenant:local"]);
      expect(accounts[0]?.used).toBe(used);
      expect((await run()).eventHash).toBe(eventHash);
    },
  );
});
