import { SysError } from "@aiosjs/sdk/protocol";
import { seesAll } from "../access.ts";
import type { KernelDevice } from "./device.ts";

export const auditDevice: KernelDevice<"audit.verify"> = {
  "audit.verify": async ({ publicKey, expected }, { parts, principal, signal }) => {
    if (!seesAll(principal))
      throw new SysError("EACCES", "the audit log is of all tenants: only the home's own key looks at it", {
        hint: "call it with the key of the home",
      });
    await parts.outbox.flushed();
    const { signed, replacedKeys, fault, ...told } = await parts.journal.verifyAudit({ publicKey, expected, signal });
    return {
      ...told,
      signed: signed && { ...signed },
      replacedKeys: replacedKeys.map((replaced) => ({ ...replaced })),
      fault: fault && { ...fault },
    };
  },
};
