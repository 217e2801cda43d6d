// What the parent of a command needs of this machine: a composition beside boot.ts, small enough for a process per command.
import { join } from "node:path";
import { openHomeSecrets } from "./boot-secrets.ts";
import { withStoredEnv } from "./config/secrets.ts";
import { createHost } from "./drivers/proc/host.ts";
import { hostProcess } from "./drivers/proc/host-processes.ts";
import { createLogs } from "./drivers/proc/logs.ts";
import type { Host } from "./kernel/ports.ts";

/**
 * The logs of processes in a home, as the kernel of that home reads them, without what is secret there: what people keep, and
 * keys of providers in `env` or kept for it. What the configuration alone refers to is not known here.
 */
export async function openLogs(
  home: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ReturnType<typeof createLogs>> {
  const secrets = openHomeSecrets({ home, env: () => withStoredEnv(env, home) });
  await secrets.refresh(undefined);
  return createLogs({ folder: join(home, "logs"), redactor: () => secrets.watch.redactor() });
}

/** When a process of this machine was started, in the form that the kernel compares; "" when it is gone already. */
export const startOf = (hostPid: number): string => hostProcess(hostPid)?.startedAt ?? "";

/** Ends a command of this machine that the kernel does not reach, or has ended before it knew where it runs. */
export const killCommand = (group: Parameters<Host["signal"]>[0]): void => void createHost().signal(group, "kill");
