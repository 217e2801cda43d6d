import { specOf, SysError } from "@aiosjs/sdk/protocol";
import type { ParsedArgsOf, SyscallName } from "@aiosjs/sdk/protocol";
import type { Release } from "../breakpoints.ts";
import type { CallRecord } from "../call-record.ts";
import { parseCall } from "../parse-args.ts";
import { checkResult } from "./approval.ts";
import type { KernelDevice } from "./device.ts";

export const debugDevice: KernelDevice<`proc.${"debug" | "release"}`> = {
  "proc.debug": async ({ pid, debugger: id, break: patterns, step, waitMs, detach }, { parts, principal, signal }) => {
    const { breakpoints, processes } = parts;
    const process = processes.visible(pid, principal);
    if (process.exit && id === undefined)
      throw new SysError("ESRCH", `process ${pid} has ended`, { hint: `what it did: aios trace ${pid}` });
    if (process.exit) return { debugger: id ?? "", held: [], hasEnded: true };
    const debugging = breakpoints.attach(process, id);
    breakpoints.breakAt(debugging, patterns, step);
    if (detach) breakpoints.detach(debugging);
    const held = detach ? [] : await breakpoints.wait(debugging, waitMs, signal);
    return { debugger: debugging.id, held, hasEnded: process.exit !== null };
  },

  "proc.release": (release, { parts, principal }) => {
    const record = parts.breakpoints.find(release.call);
    if (!record || !parts.processes.isVisible(record.process, principal))
      throw new SysError("ENOENT", `no debugger holds call ${release.call}`, {
        hint: "it has gone on, or its process has ended",
      });
    parts.breakpoints.release(record.call, releaseOf(release, record), release.step);
    return {};
  },
};

/** @throws SysError EINVAL for arguments or a result that the table does not know, and for two wishes at once. */
function releaseOf({ args, result, error }: ParsedArgsOf<"proc.release">, { name }: CallRecord): Release {
  if ([args, result, error].filter((wish) => wish !== undefined).length > 1)
    throw new SysError("EINVAL", "proc.release takes one of args, result and error");
  if (args !== undefined) return { is: "edited", args: parseCall(name, args).args };
  if (error !== undefined) return { is: "failed", error: new SysError(error.code, error.message) };
  if (result === undefined) return { is: "as-it-was" };
  checkResult(name, result);
  return { is: "answered", result: specOf(name as SyscallName).result.parse(result) };
}
