import { agentName } from "../agent-name.ts";
import type { Process } from "../process.ts";
import type { Agents } from "./verdict.ts";

/**
 * By what name the policy knows a process: an agent's is its program's. What a process starts has no other rights for being
 * called something else: it goes by the name of the nearest above it that a person started.
 */
export function agentOf(process: Process): string {
  const { name, parent, program } = process;
  const own = agentName(process) ?? (program as { under?: string }).under;
  if (own !== undefined) return own;
  return parent ? agentOf(parent) : name;
}

/** The names of a process and of all above it: who starts another one lends it no more than they may do themselves. */
export function agentsAbove(process: Process): Agents {
  const own = agentOf(process);
  const names = new Set<string>();
  for (let one = process.parent; one; one = one.parent) names.add(agentOf(one));
  names.delete(own);
  return [own, ...names];
}
