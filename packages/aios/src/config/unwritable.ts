import { SysError } from "@aiosjs/sdk/protocol";

const notAFolder = new Set(["ENOTDIR", "EEXIST"]);
const notAllowed = new Set(["EACCES", "EPERM", "EROFS"]);
const full = new Set(["ENOSPC", "EDQUOT"]);
const elsewhere = "choose another home with --home DIR or AIOS_HOME";

/** Why something of the home could not be written, and what to do: a missing right and a full disk are not the same. */
export function unwritable(path: string, cause: unknown): SysError {
  const { code = "", message } = cause as NodeJS.ErrnoException;
  const what = `${path} cannot be written`;
  if (notAFolder.has(code))
    return new SysError("EINVAL", `${what}: there is a file where a folder should be`, { cause, hint: elsewhere });
  if (notAllowed.has(code))
    return new SysError("EACCES", `${what} by this user`, { cause, hint: `mend its rights, or ${elsewhere}` });
  if (full.has(code))
    return new SysError("ENOSPC", `${what}: the disk is full`, { cause, hint: `make room, or ${elsewhere}` });
  return new SysError("EIO", `${what}: ${message}`, {
    cause,
    hint: "`aios doctor` looks at the home",
    retryable: false,
  });
}
