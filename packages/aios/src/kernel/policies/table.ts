import { SysError } from "@aiosjs/sdk/protocol";
import { edf } from "./edf.ts";
import { fifo } from "./fifo.ts";
import { plasVtc } from "./plas-vtc.ts";
import type { Policy } from "./policy.ts";
import { priority } from "./priority.ts";
import { rr } from "./rr.ts";

/** The policies that ship with the kernel; `scheduler.policy` names one. */
export const shippedPolicies: readonly Policy[] = [fifo, rr, priority, edf, plasVtc];

/** @throws SysError EINVAL naming those there are; `further` ones were handed in with the ports. */
export function findPolicy(name: string, further: readonly Policy[] = []): Policy {
  const all = [...shippedPolicies, ...further];
  const found = all.find((policy) => policy.name === name);
  if (found) return found;
  throw new SysError("EINVAL", `no scheduling policy "${name}"`, {
    hint: `scheduler.policy is one of ${all.map((policy) => policy.name).join(", ")}`,
  });
}
