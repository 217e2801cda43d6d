import { SysError } from "@aiosjs/sdk/protocol";
import type { SandboxSpec } from "../../kernel/ports.ts";

/** @throws SysError ENOSYS for what takes a driver whose commands their starter keeps (`Sandbox.wrap`). */
export function refuseWrapped({ workspaceAt, hidden, forwards }: SandboxSpec, driver: string): void {
  const [asked] = Object.entries({ workspaceAt, hidden, forwards }).find(([, value]) => value !== undefined) ?? [];
  if (asked !== undefined)
    throw new SysError("ENOSYS", `sandboxes of ${driver} have no ${asked}`, {
      hint: "those of bubblewrap have, on Linux",
    });
}
