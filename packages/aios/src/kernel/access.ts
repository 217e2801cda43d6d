import { asTenantId, SysError } from "@aiosjs/sdk/protocol";
import type { SyscallName, SyscallSpec } from "@aiosjs/sdk/protocol";
import type { Principal } from "./ports.ts";
import type { Process } from "./process.ts";

/** `*` covers everything, `llm.*` a device, `llm.chat` itself. */
function covers(pattern: string, name: string): boolean {
  if (pattern === "*" || pattern === name) return true;
  return pattern.endsWith(".*") && name.startsWith(pattern.slice(0, -1));
}

/** Whether one of the patterns covers it. */
export const allows = (patterns: readonly string[], name: string): boolean =>
  patterns.some((pattern) => covers(pattern, name));

/** Whose the home's own key is. */
export const HOME_TENANT = asTenantId("local");

/** Whether this principal sees what belongs to any tenant: the home's own key, and full keys made with it for its own tenant. */
export const seesAll = ({ tenant, scopes, pid }: Principal): boolean =>
  tenant === HOME_TENANT && scopes.includes("*") && pid === null;

/**
 * For what is of the kernel as a whole, whatever scopes other tenants' keys have.
 * @throws SysError EACCES
 */
export function requireHome({ tenant, pid }: Principal, name: string): void {
  if (tenant === HOME_TENANT && pid === null) return;
  throw new SysError("EACCES", `${name} is of the whole kernel: keys of the home's own tenant alone may`, {
    hint: "ask who runs this kernel",
  });
}

/** Why a tenant's key starts no module. */
export const refuseModule = (): SysError =>
  new SysError("EACCES", "a module is code that runs beside the kernel: only the home's own key starts one", {
    hint: "start it as a command: aios run -- node FILE",
  });

/**
 * The gate in front of every syscall: the key's scopes and the process's capabilities must both allow it, and nothing
 * administrative is done under a process key. The policy engine takes this function's place.
 * @throws SysError EACCES
 */
export function checkAccess(request: {
  name: SyscallName;
  spec: SyscallSpec;
  principal: Principal;
  process: Process | undefined;
}): void {
  const { name, spec, principal, process } = request;
  if (spec.isAdministrative && principal.pid !== null)
    throw new SysError("EACCES", `${name} is administrative and never allowed under a process key`, {
      hint: "call it with the key of the home (outside of `aios run`)",
    });
  if (!allows(principal.scopes, name))
    throw new SysError(
      "EACCES",
      `the key ${principal.key} has no scope for ${name} (it has ${principal.scopes.join(", ") || "none"})`,
      {
        hint: `make a key that has it: aios key new --scopes ${name}`,
      },
    );
  if (process && !allows(process.capabilities, name))
    throw new SysError("EACCES", `process ${process.pid} lacks the capability ${name}`, {
      hint: "capabilities are given when a process is spawned, and never more than its parent holds",
    });
}

/** What whoever calls may pass on: what the key has and, where it speaks for a process, that has too. */
export function heldBy(principal: Principal, process: Process): readonly string[] {
  const { scopes } = principal;
  if (process.kind === "kernel") return scopes;
  const { capabilities } = process;
  // Patterns are within each other or apart.
  const both = [
    ...capabilities.filter((one) => allows(scopes, one)),
    ...scopes.filter((one) => allows(capabilities, one)),
  ];
  return [...new Set(both)];
}

/**
 * A child holds at most what its parent holds.
 * @throws SysError EACCES naming the first capability that the parent lacks.
 */
export function attenuate(wanted: readonly string[] | undefined, held: readonly string[]): readonly string[] {
  if (!wanted) return held;
  for (const pattern of wanted)
    if (!held.some((parent) => covers(parent, pattern)))
      throw new SysError(
        "EACCES",
        `capability ${pattern} cannot be passed on: its parent holds only ${held.join(", ")}`,
      );
  return wanted;
}
