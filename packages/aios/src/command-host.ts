// What the parent of a command needs of this machine: a composition beside boot.ts, small enough for a process per command.
import { join } from "node:path";
import { hostProcess } from "./drivers/proc/host-processes.ts";
import { createLogs } from "./drivers/proc/logs.ts";

/** The logs of processes in a home, as the kernel of that home reads them. */
export const openLogs = (home: string): ReturnType<typeof createLogs> => createLogs({ folder: join(home, "logs") });

/** When a process of this machine was started, in the form that the kernel compares; "" when it is gone already. */
export const startOf = (hostPid: number): string => hostProcess(hostPid)?.startedAt ?? "";
