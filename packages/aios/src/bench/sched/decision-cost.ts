import { asPid, asTenantId } from "@aiosjs/sdk/protocol";
import type { Policy, Waiting } from "../../kernel/policies/policy.ts";

/** Calls that wait while the decisions are made. */
export const DEPTH = 10_000;
const TENANTS = 100;
const PROGRAMS = 2_000;
const DECISIONS = 100_000;
const ROUNDS = 3;

/**
 * Nanoseconds of one decision of a policy with `DEPTH` calls waiting: who goes next, out of the queue, charged for prompt and
 * answer, slot given back, and the next call queued. The least of three rounds: others disturb, nobody helps.
 */
export function decisionNs(policy: Policy): number {
  let nowMs = 0;
  const queue = policy.createQueue<Waiting>({ ageMs: 30_000, nowMs: () => nowMs, weightOf: () => 1 });
  const programs = Array.from({ length: PROGRAMS }, (_, index) => ({
    tenant: asTenantId(`t${index % TENANTS}`),
    program: asPid(`p${index}`),
    attained: { service: (index * 7919) % 20_000, servedMs: (index * 104_729) % 60_000, waitedMs: 0 },
  }));
  let arrival = 0;
  const push = () => {
    const { tenant, program, attained } = programs[(arrival * 7919) % PROGRAMS]!;
    queue.push({
      tenant,
      pid: program,
      program,
      attained,
      nice: 0,
      class: arrival % 50 === 0 ? "interactive" : "batch",
      arrivedMs: nowMs,
      arrival: arrival++,
      deadlineAtMs: nowMs + ((arrival * 31) % 600_000),
      demand: { inputTokens: 300, outputTokens: (arrival * 37) % 500 },
    });
  };
  const decide = () => {
    const next = queue.peek()!;
    queue.dispatch(next);
    queue.charge(next.entry, { prefillTokens: 300, decodeTokens: 0 });
    queue.charge(next.entry, { prefillTokens: 0, decodeTokens: 100 });
    queue.release(next.entry);
    nowMs += 7;
    push();
  };
  for (let count = 0; count < DEPTH; count++) push();
  for (let count = 0; count < DECISIONS / 10; count++) decide();
  const rounds = Array.from({ length: ROUNDS }, () => {
    const beganAt = performance.now();
    for (let count = 0; count < DECISIONS; count++) decide();
    return ((performance.now() - beganAt) * 1e6) / DECISIONS;
  });
  return Math.min(...rounds);
}
