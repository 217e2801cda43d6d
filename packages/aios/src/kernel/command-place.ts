import { SysError } from "@aiosjs/sdk/protocol";
import { HOME_TENANT } from "./access.ts";
import { parentOf } from "./command-watch.ts";
import type { Parts } from "./parts.ts";
import type { HostGroup, Principal } from "./ports.ts";
import type { Process } from "./process.ts";

interface Teller {
  readonly principal: Principal;
  /** As whom they speak. */
  readonly caller: Process;
  readonly host: Parts["host"];
}

/**
 * Takes the word of who has started a command for where it runs. What the kernel signals there it signals with all rights of
 * its own user: a program tells of what it has itself started on the machine, and another tenant of nothing. False: it runs
 * where the kernel does not reach, and whoever has started it ends it there.
 * @throws SysError EINVAL, ESRCH; EACCES for a command that tells of itself, which a signal would find no more
 */
export function place(process: Process, group: HostGroup, { principal, caller, host }: Teller): boolean {
  const { pid, kind, exit } = process;
  if (kind !== "command") throw new SysError("EINVAL", `process ${pid} is ${kind}, not a command`);
  // Killed before it told where it runs: whoever started it ends it now.
  if (exit) throw new SysError("ESRCH", `process ${pid} has ended: ${exit.reason}`);
  if (principal.pid === pid)
    throw new SysError("EACCES", "where a command runs is told by its parent alone", {
      hint: "start commands with `aios run -- CMD`: it tells",
    });
  const parent = parentOf(process);
  const isReached =
    principal.pid === null
      ? principal.tenant === HOME_TENANT && (parent !== undefined || host.isAlive(group))
      : hasStarted(group, { principal, caller, host }) || (parent !== undefined && host.isWithin(group, parent));
  process.host = isReached ? group : null;
  process.hasBegun = true;
  return isReached;
}

/** A command as its process keeps it: with a parent on this machine, if that is whose word can be taken for it. */
export function keptCommand<Program extends { readonly kind: string; readonly parent?: HostGroup | undefined }>(
  program: Program,
  teller: Teller,
): Omit<Program, "parent"> | Program {
  const { parent, ...rest } = program;
  if (!parent) return program;
  const { principal, host } = teller;
  const isHere =
    principal.pid === null
      ? principal.tenant === HOME_TENANT && host.isAlive(parent, "leader")
      : hasStarted(parent, teller);
  return isHere ? program : rest;
}

function hasStarted(group: HostGroup, { principal, caller, host }: Teller): boolean {
  // Ids in a sandbox are not those of the machine.
  if (principal.tenant !== HOME_TENANT || caller.host === null || caller.isJailed) return false;
  return host.isWithin(group, caller.host);
}
