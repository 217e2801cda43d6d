import { SysError } from "@aiosjs/sdk/protocol";
import type { TenantId } from "@aiosjs/sdk/protocol";
import { agentName } from "./agent-name.ts";
import type { Groups } from "./groups.ts";
import type { Principal } from "./ports.ts";
import type { Process } from "./process.ts";

const OWN = "process:";
const SHARED = "tenant";

/**
 * The notes that a caller reaches: those of a tenant, in these namespaces; undefined: in all. Who waits in between looks again:
 * they are as the groups are just now.
 */
export interface Reach {
  readonly tenant: TenantId;
  readonly namespaces: readonly string[] | undefined;
  /** Those of them in which it changes notes, too. */
  readonly writable: readonly string[] | undefined;
  /** Where its new notes go. */
  readonly own: string;
}

/**
 * A process reaches its own notes, its agent's and its tenant's, and those that its groups open; who calls with a key of the
 * tenant reaches all of them. What is out of reach is not there.
 */
export function reachOf(
  { process, principal }: { process: Process; principal: Principal },
  { groups }: { groups: Groups },
): Reach {
  const { tenant } = process;
  const own = process.kind === "kernel" ? SHARED : OWN + process.pid;
  if (principal.pid === null) return { tenant, namespaces: undefined, writable: undefined, own };
  const always = [...ownNamespaces(process), SHARED];
  const opened = (): (readonly [string, "read" | "write"])[] => [...groups.opened(tenant, ownNamespaces(process))];
  return {
    tenant,
    own,
    get namespaces() {
      return [...always, ...opened().map(([namespace]) => namespace)];
    },
    get writable() {
      return [...always, ...opened().flatMap(([namespace, access]) => (access === "write" ? [namespace] : []))];
    },
  };
}

/** A process's own, and its agent's: by these names it is in groups, too. */
export function ownNamespaces(process: Process): readonly [own: string, ...agent: string[]] {
  const agent = agentName(process);
  return agent === undefined ? [OWN + process.pid] : [OWN + process.pid, `agent:${agent}`];
}

/** @throws SysError EINVAL for what is no namespace, ENOENT for one out of reach. */
export function checkNamespace(namespace: string, reach: Reach): string {
  const isOne = namespace === SHARED || /^(?:process|agent|group):[\p{L}\p{N}][\p{L}\p{N}._-]{0,127}$/u.test(namespace);
  if (!isOne)
    throw new SysError("EINVAL", `${JSON.stringify(namespace)} is no namespace of notes`, {
      hint: "it is process:PID, agent:NAME, group:NAME or tenant",
    });
  if (reach.namespaces && !reach.namespaces.includes(namespace))
    throw new SysError("ENOENT", `there is no namespace ${namespace}`, {
      hint: `there are ${reach.namespaces.join(", ")}`,
    });
  return namespace;
}

/** @throws SysError EACCES where the caller reads, and no more. What it does not reach at all it does not hear of here. */
export function checkWritable(namespace: string, { writable }: Reach): void {
  if (writable && !writable.includes(namespace))
    throw new SysError("EACCES", `notes of ${namespace} can be read here, and not changed`, {
      hint: "keep a note in a namespace of your own; a key of the tenant says who writes in a group: aios group add",
    });
}

export const isWithin = ({ tenant, namespaces }: Reach, note: { tenant: TenantId; namespace: string }): boolean =>
  note.tenant === tenant && (namespaces === undefined || namespaces.includes(note.namespace));

/** How the index names a namespace of a tenant. */
export const spaceOf = ({ tenant, namespace }: { tenant: string; namespace: string }): string =>
  `${tenant}/${namespace}`;
