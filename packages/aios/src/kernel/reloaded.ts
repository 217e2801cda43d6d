import { HOME_TENANT } from "./access.ts";
import { notePolicy } from "./gate/policy-notice.ts";
import type { Parts } from "./parts.ts";
import type { Cache, Core, KernelSettings } from "./ports.ts";

/** A configuration as it was read anew. */
export interface Reloaded {
  readonly settings: KernelSettings;
  readonly cores: readonly Core[];
  readonly cache?: Cache | undefined;
  readonly changed: string[];
  readonly needRestart: string[];
}

/** Goes by it from here on; calls that wait are routed anew. @throws SysError EINVAL: nothing is changed then. */
export function adopt(
  { settings, cores, cache, changed, needRestart }: Reloaded,
  parts: Parts,
): Pick<Reloaded, "changed" | "needRestart"> {
  const { lanes, answers, scheduler, budgets, clock, outbox } = parts;
  // Before anything is touched: what is wrong with the settings changes nothing.
  lanes.policyOf(settings);
  const waiting = scheduler.drain(lanes.all());
  const { accessPolicy } = parts.settings;
  parts.settings = settings;
  lanes.refresh(settings, cores);
  answers.use(cache, settings.cache);
  for (const [tenant, limits] of Object.entries(settings.budgets))
    budgets.set(`tenant:${tenant}`, limits, clock.nowMs());
  scheduler.reroute(waiting);
  outbox.event("config.refreshed", { tenant: HOME_TENANT, pid: null }, { changed });
  notePolicy(parts, accessPolicy);
  return { changed, needRestart };
}
