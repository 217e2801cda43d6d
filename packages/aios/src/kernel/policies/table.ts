import { fifo } from "./fifo.ts";
import { priority } from "./priority.ts";
import { rr } from "./rr.ts";

/** The policies that ship with the kernel, by the name in `scheduler.policy`. */
export const policies = { fifo, rr, priority } as const;
