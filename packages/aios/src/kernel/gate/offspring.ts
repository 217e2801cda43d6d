import { SysError } from "@aiosjs/sdk/protocol";
import type { Limit } from "@aiosjs/sdk/protocol";
import type { Process } from "../process.ts";
import { agentOf } from "./agent-of.ts";
import type { CompiledPolicy } from "./compile.ts";

/**
 * A process starts another only as deep below each above it as the row of that one's agent allows.
 * @throws SysError EPOLICY naming the row.
 */
export function checkSpawnDepth(caller: Process, policy: CompiledPolicy): void {
  let generation = 0;
  for (let above: Process | undefined = caller; above && above.kind !== "kernel"; above = above.parent) {
    generation++;
    const agent = agentOf(above);
    const { spawnDepth, names } = policy.agentRow(agent);
    if (spawnDepth !== null && generation > spawnDepth)
      throw new SysError(
        "EPOLICY",
        `${agent} (${above.pid}) may have ${spawnDepth} generations below it, and this would be one more`,
        { hint: `it stands in agents.${names.join("+")}.spawn of the policy` },
      );
  }
}

/** What a process asks to be bound by, and its agent's row beside it: of two limits of one resource the lower. */
export function withinRow(process: Process, asked: readonly Limit[], policy: CompiledPolicy): readonly Limit[] {
  const bounds = policy.agentRow(agentOf(process)).limits;
  return [...asked, ...bounds].reduce<readonly Limit[]>((limits, one, index) => {
    const same = limits.find(({ resource, window }) => resource === one.resource && window === one.window);
    // Among what is asked the last one counts.
    const limit = same && index >= asked.length ? Math.min(same.limit, one.limit) : one.limit;
    return [...limits.filter((other) => other !== same), { ...one, limit }];
  }, []);
}
