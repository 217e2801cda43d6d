import type { Hash, Holder } from "./ports.ts";

/**
 * The id of a process's copy of a note: the same whichever copy it is made of, so that whatever the process was told of the
 * note before it was forked or restored leads there.
 */
export function copyId(id: string, to: Holder, hash: Hash): string {
  const [first = ""] = id.split(".");
  const root = /^n[a-z0-9]{14}$/.test(first) ? first : `n${hash.sha256(id).slice(0, 14)}`;
  return `${root}.${hash.sha256(`${to.tenant} ${to.pid}`).slice(0, 14)}`;
}
