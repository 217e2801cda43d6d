import { asKeyId, asPid, isTerminal } from "@aiosjs/sdk/protocol";
import type { ResultOf, SysEvent, TenantId } from "@aiosjs/sdk/protocol";
import type { Parts } from "./parts.ts";
import type { Kernel } from "./ports.ts";

/** While somebody waits for a model it is looked again so soon, */
const BUSY_MS = 60_000;
/** and in one turn so many groups are distilled, each in a call of its own. */
const MOST_STEPS = 16;
/** Behind everybody's calls. */
const NICE = 19;

type Kept = Pick<Parts, "clock" | "timers" | "journal" | "lanes" | "processes" | "keys" | "outbox" | "settings">;

/**
 * Turns what happened into what is known, while nobody waits for a model: namespace by namespace, one group a call. Notes of a
 * live process are distilled by a call of its own, so that it can be taken back behind that, and without a model: what it may
 * spend is its own. Others are by their tenant's first process, at the tenant's expense. A crash loses the call under way.
 */
export function openNoteDaemon(parts: Kept, syscall: Kernel["syscall"]): void {
  const { consolidate = "off", consolidateEveryMs } = parts.settings.memory;
  if (consolidate === "off" || consolidateEveryMs === undefined) return;
  const arm = (inMs: number): void => void parts.timers.at(parts.clock.nowMs() + inMs, () => void turn());
  const turn = async (): Promise<void> => {
    let isDone = true;
    try {
      isDone = await work(parts, syscall);
    } catch {
      // The journal tells its own troubles; the next turn finds what there is.
    }
    arm(isDone ? consolidateEveryMs : Math.min(BUSY_MS, consolidateEveryMs));
  };
  arm(consolidateEveryMs);
}

/** @returns false when there is more than one turn's work, or somebody waits for a model. */
async function work(parts: Kept, syscall: Kernel["syscall"]): Promise<boolean> {
  const { journal, keys, lanes, outbox, processes } = parts;
  const isIdle = (): boolean =>
    outbox.failure === undefined && lanes.all().every((lane) => lane.running === 0 && lane.queue.size === 0);
  const tenants = [...processes, ...keys.list()].map(({ tenant }) => tenant);
  let steps = 0;
  for (const tenant of new Set(tenants))
    for (const namespace of await journal.noteNamespaces(tenant))
      for (;;) {
        if (!isIdle() || steps >= MOST_STEPS) return false;
        if (!(await step({ tenant, namespace }, parts, syscall))) break;
        steps++;
      }
  return true;
}

/** One group. @returns whether there may be more. */
async function step(
  { tenant, namespace }: { tenant: TenantId; namespace: string },
  { processes, settings }: Kept,
  syscall: Kernel["syscall"],
): Promise<boolean> {
  const owner = namespace.startsWith("process:") ? processes.get(asPid(namespace.slice("process:".length))) : undefined;
  const isLive = owner !== undefined && !owner.exit;
  // Who stands still, or is still told what it was told before, is left alone; so is who may not do it.
  const mayAct = owner?.capabilities.some((held) => held === "*" || held === "mem.*") === true;
  if (isLive && (owner.suspended !== undefined || owner.replay?.isLive === false || !mayAct)) return false;
  const by = !isLive && settings.memory.consolidate === "model" ? "model" : "text";
  const { pid } = isLive ? owner : processes.init(tenant);
  const principal = { tenant, key: asKeyId("kernel"), pid: null, scopes: ["mem.consolidate", "llm.chat"] };
  const quality = { nice: NICE, class: "batch", isNested: true, onDetach: "keep" } as const;
  let last: SysEvent | undefined;
  for await (const batch of syscall("mem.consolidate", { namespace, by }, { principal, pid, ...quality }))
    last = batch.findLast(isTerminal) ?? last;
  if (last?.type !== "syscall.completed") return false;
  return (last.result as ResultOf<"mem.consolidate">).groups.length > 0;
}
