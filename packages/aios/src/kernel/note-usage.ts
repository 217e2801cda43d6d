import type { ParsedArgsOf, ResultOf } from "@aiosjs/sdk/protocol";
import { seesAll } from "./access.ts";
import type { KernelCall } from "./devices/device.ts";
import type { Amount } from "./note-amount.ts";
import { checkNamespace, isWithin } from "./note-space.ts";
import type { Reach } from "./note-space.ts";
import type { NotePlace, NoteUsage } from "./ports.ts";

type Told = ResultOf<"mem.usage">;

/** What notes take, as far as it is the caller's business: its namespaces; of the tenant for its keys, of all for the home's. */
export async function noteUsageOf(
  { namespaces, limit }: ParsedArgsOf<"mem.usage">,
  { parts, principal, reach }: Pick<KernelCall, "parts" | "principal"> & { reach: Reach },
): Promise<Told> {
  const { tenant } = reach;
  const named = namespaces?.map((one) => checkNamespace(one, reach)) ?? reach.namespaces;
  const reached = [...new Set(named ?? (await parts.journal.noteNamespaces(tenant)))];
  const places: NotePlace[] = reached.map((namespace) => ({ tenant, namespace }));
  const usages = await parts.noteQuotas.usage([{}, { tenant }, ...places]);
  const [all, whole, ...each] = usages.map(told);
  const spaces = each.map((usage, index) => ({ namespace: reached[index] ?? "", ...usage }));
  return {
    namespaces: spaces
      .filter(({ namespace }) => isWithin(reach, { tenant, namespace }))
      .toSorted((left, right) => shareOf(right) - shareOf(left))
      .slice(0, limit),
    ...(whole && principal.pid === null ? { tenant: whole } : {}),
    ...(all && seesAll(principal) ? { all } : {}),
  };
}

const told = ({ notes, bytes, pinnedNotes, evictedNotes, limit }: NoteUsage & { limit: Amount }) => ({
  notes,
  bytes,
  pinned: pinnedNotes,
  evicted: evictedNotes,
  limit: { ...limit },
});

const shareOf = ({ notes, bytes, limit }: ReturnType<typeof told>): number =>
  Math.max(notes / limit.notes, bytes / limit.bytes);
