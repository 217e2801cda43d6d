import type { Attained, Policy, PolicyOptions, Waiting } from "../../../kernel/policies/policy.ts";
import { serviceOf } from "../../../kernel/policies/policy.ts";
import { createLevelQueue } from "./level-queue.ts";
import { levelOfService } from "../../../kernel/policies/plas-vtc.ts";
import { promotionMs } from "./plas.ts";

/** A call's place on the critical path: service of the longest chain before it, and its own. */
interface Step {
  readonly before: number;
  service: number;
}

/**
 * Adaptive thread-level attained service (Autellix, 2025): as `plas`, but of a program whose calls run in parallel only its
 * critical path counts: the most that a chain of calls, each made after the one before it had ended, has received. A hundred
 * parallel calls make a program no longer.
 */
export const atlas: Policy = {
  name: "atlas",
  createQueue<Entry extends Waiting>(options: PolicyOptions) {
    // By the object that stands for a program: what has gone is forgotten with it.
    const criticalPaths = new WeakMap<Attained, number>();
    const steps = new WeakMap<Entry, Step>();
    const stepOf = (entry: Entry): Step => {
      const known = steps.get(entry);
      if (known) return known;
      const made = { before: criticalPaths.get(entry.attained) ?? 0, service: 0 };
      steps.set(entry, made);
      return made;
    };
    return createLevelQueue<Entry>({
      levelOf: (entry) => {
        const { before, service } = stepOf(entry);
        return levelOfService(before + service);
      },
      promoteAtMs: ({ attained }) => promotionMs(attained, options),
      keyOf: ({ arrival }) => arrival,
      nowMs: options.nowMs,
      charged: (entry, service) => {
        stepOf(entry).service += serviceOf(service);
      },
      released: (entry) => {
        const { before, service } = stepOf(entry);
        criticalPaths.set(entry.attained, Math.max(criticalPaths.get(entry.attained) ?? 0, before + service));
      },
    });
  },
};
