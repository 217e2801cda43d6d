import { canonicalJson } from "@aiosjs/sdk/protocol";
import type { AccessPolicy } from "@aiosjs/sdk/protocol";
import type { Hash } from "../ports.ts";

/** By which a policy is known on record. */
export const hashOf = (policy: AccessPolicy, hash: Hash): string => hash.sha256(canonicalJson(policy));
