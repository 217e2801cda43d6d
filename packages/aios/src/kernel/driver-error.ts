import { isSysError, SysError } from "@aiosjs/sdk/protocol";

/** Drivers may throw anything; only here it becomes EIO. */
export function asSysError(cause: unknown, driver: string): SysError {
  if (isSysError(cause)) return cause;
  return new SysError("EIO", `${driver} failed: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause,
    retryable: false,
  });
}
