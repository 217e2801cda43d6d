import { describe, expect, test, vi } from "vitest";
import { comparedPolicies } from "../../src/bench/sched/policies/table.ts";
import { simulate } from "../../src/bench/sched/simulate.ts";
import type { AgentPlan } from "../../src/bench/sched/workloads.ts";
import { draws } from "../../src/drivers/llm/sim/prng.ts";
import { shippedPolicies } from "../../src/kernel/policies/table.ts";

// Virtual time: how long a machine takes that has other things to do says nothing.
vi.setConfig({ testTimeout: 60_000 });

const policies = [...shippedPolicies, ...comparedPolicies].map(({ name }) => name);

/** Long answers of a batch that more want than there are slots, and short ones that a person waits for. */
function plans(seed: number): AgentPlan[] {
  return Array.from({ length: 60 }, (_, index): AgentPlan => {
    const chance = draws(seed, index, "resume");
    const isPerson = index % 4 === 0;
    const step = () => ({
      promptTokens: 20 + chance.below(200),
      outputTokens: isPerson ? 20 + chance.below(40) : 150 + chance.below(400),
    });
    return {
      name: `${isPerson ? "person" : "batch"}-${index}`,
      tenant: `tenant-${index % 3}`,
      class: isPerson ? "interactive" : "batch",
      ...(isPerson ? { deadlineMs: 300_000 } : {}),
      startMs: chance.below(isPerson ? 30_000 : 2_000),
      waves: Array.from({ length: isPerson ? 3 : 2 }, () => ({ steps: [step()], gapMs: 50 })),
      growsContext: false,
    };
  });
}

async function answers(policy: string, options: { resume: "kv" | "none"; slots: number; isStreamed: boolean }) {
  const { resume, slots, isStreamed } = options;
  const texts = new Map<string, string>();
  const seen = { preempted: 0 };
  const run = await simulate({
    workload: plans(7),
    seed: 7,
    isStreamed,
    core: { slots, resume, ttftMs: 0, outputTokens: 2_000, outputSigma: 0, answers: "filler" },
    scheduler: { policy },
    policies: comparedPolicies,
    heard({ name }, index, events) {
      let streamed = "";
      for (const event of events) {
        if (event.type === "syscall.preempted") seen.preempted++;
        if (event.type === "text.delta") streamed += event.text;
        if (event.type !== "syscall.completed") continue;
        const { message } = event.result as { message: { content: string } };
        if (isStreamed) expect(streamed).toBe(message.content);
        texts.set(`${name} ${index}`, `${message.content} (${event.usage.outputTokens} tokens)`);
      }
    },
  });
  return { ...run, ...seen, texts };
}

/** What each call answers where nobody ever waits. */
const whole = await answers("fifo", { resume: "none", slots: 64, isStreamed: true });

describe.each(policies)("under %s, on a core that goes on where it stopped", (policy) => {
  test.each([true, false])(
    "calls that make way answer what they would have answered, token by token (streamed: %s)",
    async (isStreamed) => {
      const run = await answers(policy, { resume: "kv", slots: 3, isStreamed });
      expect(run.texts).toEqual(whole.texts);
      expect(run.preempted).toBeGreaterThan(5);
      expect(run.calls.reduce((sum, { usage }) => sum + usage.wastedTokens, 0)).toBe(0);
      expect([run.leakedSlots, run.leakedSnapshots]).toEqual([0, 0]);
    },
  );
});
