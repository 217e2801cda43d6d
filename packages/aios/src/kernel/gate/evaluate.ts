import { forbiddenBy } from "./agent-row.ts";
import type { JoinedRow } from "./agent-row.ts";
import type { CompiledPolicy } from "./compile.ts";
import type { KnownCall } from "./known-call.ts";
import { gravest, strictest } from "./gates.ts";
import { isTrusted } from "./label.ts";
import { judgeNeeds } from "./needs.ts";
import type { ArgumentOrigin, GateRequest, Reason, Verdict } from "./verdict.ts";

const nothing: readonly never[] = [];

/**
 * Judges a call. Pure and total: the same request has the same verdict, whatever its arguments hold, and nothing that is added
 * to a policy but rows about names that were unknown makes any verdict milder.
 */
export function evaluate(compiled: CompiledPolicy, request: GateRequest): Verdict {
  const row = compiled.rowOf(request);
  const agent = compiled.joinedRow(request.agents);
  const { reasons, origins } = judge(compiled, { request, row, agent });
  const wanted = reasons.reduce((gate, reason) => strictest(gate, reason.gate), row.gate);
  // A broken glass forbids nothing any more, and lets nothing pass unseen either.
  const gate = request.isGlassBroken && wanted === "L3" ? "L2" : wanted;
  return { gate, effect: gravest(row.effects), reasons, origins, returns: row.returns, sandbox: row.sandbox };
}

function judge(
  compiled: CompiledPolicy,
  { request, row, agent }: { request: GateRequest; row: KnownCall; agent: JoinedRow },
): { reasons: readonly Reason[]; origins: readonly ArgumentOrigin[] } {
  const { name, args, context } = request;
  const reasons: Reason[] = [];
  if (row.where === null)
    reasons.push({
      gate: "L3",
      where: "defaults",
      why: `no row of the policy names ${name}, and what it does not name is denied`,
    });
  else if (row.gate >= "L2")
    reasons.push({
      gate: row.gate,
      where: row.where,
      why: row.gate === "L2" ? "a person is asked each time" : "it is denied",
    });
  const forbidding = forbiddenBy(agent, { name, isSyscall: row.isSyscall });
  if (forbidding !== undefined)
    reasons.push({ gate: "L3", where: `agents.${forbidding}`, why: `${name} is not among its tools` });
  if (row.irreversible !== null) reasons.push({ gate: "L2", where: row.irreversible, why: "it cannot be taken back" });
  if (row.ifTainted && row.ifTainted.gate > "L1" && !isTrusted(context, "workspace"))
    reasons.push({ ...row.ifTainted, why: `the process has seen what is only ${context.trust}` });
  // What runs may carry off all that its process has been told to do with it, whatever its arguments are.
  if (name === "sandbox.exec" && agent.egress.length > 0 && !isTrusted(context, "workspace"))
    reasons.push({
      gate: "L2",
      where: `agents.${agent.names.join("+")}.egress`,
      why: `what runs has a way out, and the process has seen what is only ${context.trust}`,
    });
  for (const { condition, gate, where, why } of compiled.rules)
    if (condition({ agents: request.agents, name, args, context, effects: row.effects }))
      reasons.push({ gate, where, why });
  const isToldToFew = context.readers !== null && row.effects.includes("sink");
  const judged =
    row.needs.length > 0 || isToldToFew ? judgeNeeds(compiled, { request, row, agent, isToldToFew }) : null;
  if (judged) reasons.push(...judged.reasons);
  return {
    reasons: reasons.length > 1 ? reasons.toSorted(byGate) : reasons.length === 1 ? reasons : nothing,
    origins: judged?.origins ?? nothing,
  };
}

const byGate = (one: Reason, other: Reason): number =>
  one.gate === other.gate ? compare(one.where, other.where) : compare(other.gate, one.gate);
const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
