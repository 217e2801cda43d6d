import type { Policy } from "../../../kernel/policies/policy.ts";
import { atlas } from "./atlas.ts";
import { mlfq } from "./mlfq.ts";
import { plas } from "./plas.ts";
import { sjf } from "./sjf.ts";
import { vtc } from "./vtc.ts";

/** Policies that do not ship: what those that do are compared with. */
export const comparedPolicies: readonly Policy[] = [sjf, mlfq, vtc, plas, atlas];
