import { isSysError, SysError } from "@aiosjs/sdk/protocol";

/** Drivers may throw anything; only here it becomes EIO. Its text goes to the caller, its stack to nobody. */
export function asSysError(cause: unknown, where: string): SysError {
  if (isSysError(cause)) return cause;
  return new SysError("EIO", `${where} failed: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause,
    retryable: false,
  });
}
