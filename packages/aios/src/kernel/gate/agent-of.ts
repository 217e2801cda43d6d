import type { Process } from "../process.ts";

/**
 * By what name the policy knows a process: an agent's is its program's. What a process starts has no other rights for being
 * called something else: it goes by the name of the nearest above it that a person started.
 */
export function agentOf(process: Process): string {
  const { kind, program, name, parent } = process;
  if (kind === "agent") return (program as { manifest?: { name?: string } }).manifest?.name ?? name;
  return parent ? agentOf(parent) : name;
}
