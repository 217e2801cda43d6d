import { accessPolicySchema } from "@aiosjs/sdk/protocol";
import type { AccessPolicy } from "@aiosjs/sdk/protocol";
import type { AnyEnvironment } from "./world.ts";

/**
 * `none`: everything passes, and nothing is labelled. `shipped`: the policy of a home without a policy file. `contacts and
 * lists`: a policy file that says whom the user knows and what is harmless to open. In both the tools say what they do.
 */
export type PolicyName = "none" | "shipped" | "contacts and lists";

export function policyOf(name: PolicyName, { contacts, egress }: AnyEnvironment): AccessPolicy | undefined {
  switch (name) {
    case "none":
      return accessPolicySchema.parse({
        version: 1,
        defaults: { effect: "declared", unlabelled: "user" },
        tools: { "*": { effect: "read", gate: "L0", returns: { trust: "kernel", conf: "public" } } },
      });
    case "shipped":
      return undefined;
    case "contacts and lists":
      return accessPolicySchema.parse({
        version: 1,
        defaults: { effect: "declared" },
        contacts,
        agents: { "*": { egress } },
      });
  }
}
