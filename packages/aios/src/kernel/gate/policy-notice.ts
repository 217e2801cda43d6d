import { canonicalJson } from "@aiosjs/sdk/protocol";
import type { AccessPolicy } from "@aiosjs/sdk/protocol";
import { HOME_TENANT } from "../access.ts";
import type { Parts } from "../parts.ts";
import { hashOf } from "./policy-hash.ts";

/** Tells which policy is in force from here on, as far as it is not `before`; that AIOS ships one, nobody is told at the start. */
export function notePolicy({ settings, hash, outbox }: Parts, before: AccessPolicy | undefined): void {
  const { accessPolicy } = settings;
  const text = accessPolicy && canonicalJson(accessPolicy);
  if (text === (before && canonicalJson(before))) return;
  outbox.event(
    "policy.loaded",
    { tenant: HOME_TENANT, pid: null },
    { hash: accessPolicy ? hashOf(accessPolicy, hash) : null, policy: accessPolicy ?? null },
  );
}
