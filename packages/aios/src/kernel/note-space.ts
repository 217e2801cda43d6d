import { SysError } from "@aiosjs/sdk/protocol";
import type { TenantId } from "@aiosjs/sdk/protocol";
import type { Principal } from "./ports.ts";
import type { Process } from "./process.ts";

const OWN = "process:";
const SHARED = "tenant";

/** The notes that a caller reaches: those of a tenant, in these namespaces; undefined: in all. */
export interface Reach {
  readonly tenant: TenantId;
  readonly namespaces: readonly string[] | undefined;
  /** Where its new notes go. */
  readonly own: string;
}

/**
 * A process reaches its own notes, its agent's and its tenant's; who calls with a key of the tenant reaches all of them. What
 * is out of reach is not there.
 */
export function reachOf({ process, principal }: { process: Process; principal: Principal }): Reach {
  const { tenant } = process;
  const isKernel = process.kind === "kernel";
  const own = isKernel ? SHARED : OWN + process.pid;
  if (principal.pid === null) return { tenant, namespaces: undefined, own };
  const agent = agentOf(process);
  return { tenant, namespaces: [own, ...(agent === undefined ? [] : [`agent:${agent}`]), SHARED], own };
}

/**
 * What an agent remembers from one process to the next is its own by the name of its program, where a person's key or
 * program started it: one agent that starts another does not open that one's memory.
 */
function agentOf(process: Process): string | undefined {
  const name = agentName(process);
  for (let above = process.parent; name !== undefined && above; above = above.parent) {
    const other = agentName(above);
    if (other !== undefined && other !== name) return undefined;
  }
  return name;
}

const agentName = ({ program, kind }: Process): string | undefined =>
  kind === "agent" ? (program as { manifest?: { name?: string } }).manifest?.name : undefined;

/** @throws SysError EINVAL for what is no namespace, ENOENT for one out of reach. */
export function checkNamespace(namespace: string, reach: Reach): string {
  const isOne = namespace === SHARED || /^(?:process|agent):[\p{L}\p{N}][\p{L}\p{N}._-]{0,127}$/u.test(namespace);
  if (!isOne)
    throw new SysError("EINVAL", `${JSON.stringify(namespace)} is no namespace of notes`, {
      hint: "it is process:PID, agent:NAME or tenant",
    });
  if (reach.namespaces && !reach.namespaces.includes(namespace))
    throw new SysError("ENOENT", `there is no namespace ${namespace}`, {
      hint: `there are ${reach.namespaces.join(", ")}`,
    });
  return namespace;
}

export const isWithin = ({ tenant, namespaces }: Reach, note: { tenant: TenantId; namespace: string }): boolean =>
  note.tenant === tenant && (namespaces === undefined || namespaces.includes(note.namespace));

/** How the index names a namespace of a tenant. */
export const spaceOf = ({ tenant, namespace }: { tenant: string; namespace: string }): string =>
  `${tenant}/${namespace}`;
