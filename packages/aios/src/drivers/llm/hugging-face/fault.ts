import type { Errno } from "@aiosjs/sdk/protocol";

/** All that can go wrong with fetching weights, and the errno of each. */
const codes = {
  reference: "EINVAL",
  endpoint: "EINVAL",
  noRepo: "ENOENT",
  noRevision: "ENOENT",
  noFile: "ENOENT",
  noWeights: "ENOENT",
  severalFiles: "EINVAL",
  partsMissing: "ENOENT",
  gated: "EACCES",
  wrongToken: "EAUTH",
  offline: "EINVAL",
  tooMany: "EAGAIN",
  noHub: "EIO",
  refused: "EIO",
  brokenAnswer: "EIO",
  brokenOff: "EIO",
  checksum: "EIO",
  full: "ENOSPC",
  unwritable: "EACCES",
} as const satisfies Record<string, Errno>;

export type FaultName = keyof typeof codes;

/** A pull that failed. Its sentence is the command line's, which knows the user's language; `values` are what it names. */
export class PullFault extends Error {
  readonly fault: FaultName;
  readonly code: Errno;
  readonly values: Readonly<Record<string, string | number>>;

  constructor(fault: FaultName, values: Readonly<Record<string, string | number>>, cause?: unknown) {
    super(`${fault} ${JSON.stringify(values)}`, { cause });
    this.fault = fault;
    this.code = codes[fault];
    this.values = values;
  }
}

/** What the file system said, as a fault of the cache; anything else as it is. */
export function cacheFault(cause: unknown, folder: string): unknown {
  if (cause instanceof PullFault) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") return new PullFault("full", { folder, detail: message }, cause);
  if (["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST"].includes(code ?? ""))
    return new PullFault("unwritable", { folder, detail: message }, cause);
  return cause;
}
