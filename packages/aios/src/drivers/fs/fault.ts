import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import type { Errno } from "@aiosjs/sdk/protocol";

/** The system's own error code of a failed file operation. */
export function codeOf(cause: unknown): string | undefined {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
}

interface Fault {
  readonly code: Errno;
  readonly tell: (name: string) => string;
  readonly hint?: string;
  readonly retryAfterMs?: number;
}

const isLink: Fault = { code: "EACCES", tell: (name) => `${name} is a link; links are not followed` };
const isNotEmpty: Fault = {
  code: "EINVAL",
  tell: (name) => `the folder ${name} is not empty`,
  hint: "Remove what is in it first.",
};
const isNotOurs: Fault = {
  code: "EACCES",
  tell: (name) => `the system does not let the kernel at ${name}`,
  hint: "Check the owner and the rights of the files folder under AIOS_HOME.",
};
const isCrowded: Fault = {
  code: "EAGAIN",
  tell: () => "too many files are open on this machine",
  retryAfterMs: 1_000,
};

const faults: Readonly<Record<string, Fault>> = {
  ENOENT: { code: "ENOENT", tell: (name) => `no file or folder ${name}` },
  ENOSPC: {
    code: "ENOSPC",
    tell: (name) => `the disk is full; ${name} was left as it was`,
    hint: "Free some space, then write again.",
  },
  EDQUOT: { code: "EDQUOT", tell: (name) => `the disk quota of this user is spent; ${name} was left as it was` },
  EROFS: { code: "ENOSPC", tell: (name) => `the disk is read-only; ${name} was left as it was` },
  EISDIR: { code: "EINVAL", tell: (name) => `${name} is a folder, not a file` },
  ENOTDIR: { code: "EINVAL", tell: (name) => `${name} passes through a file as if it were a folder` },
  ENOTEMPTY: isNotEmpty,
  EEXIST: isNotEmpty,
  ELOOP: isLink,
  ENXIO: { code: "EINVAL", tell: (name) => `${name} is not a plain file` },
  ENAMETOOLONG: { code: "EINVAL", tell: (name) => `${name} is too long a path` },
  EACCES: isNotOurs,
  EPERM: isNotOurs,
  EMFILE: isCrowded,
  ENFILE: isCrowded,
};

/** What a failed file operation means to whoever asked for `path`. Anything unexpected stays for the kernel (EIO). */
export function toFileFault(cause: unknown, path: string): unknown {
  if (isSysError(cause)) return cause;
  const fault = faults[codeOf(cause) ?? ""];
  if (!fault) return cause;
  const { code, tell, hint, retryAfterMs } = fault;
  return new SysError(code, tell(JSON.stringify(path)), { cause, hint, retryAfterMs });
}
