import type { Pid } from "@aiosjs/sdk/protocol";

/** Who wrote a version of something, by which call. */
interface Version {
  readonly pid: Pid | null;
  readonly seq: number;
}

/**
 * Of the versions of one thing, the first one first, those that hold after call `seq` of a process: not those of its later calls,
 * nor those that a way back has undone, which shows by a version whose call came before theirs.
 */
export function heldAt<Row extends Version>(versions: readonly Row[], of: { readonly pid: Pid }, seq: number): Row[] {
  let held: Row[] = [];
  let last = -1;
  for (const row of versions) {
    const isOwn = row.pid === of.pid;
    if (isOwn && row.seq < last) held = held.filter((one) => one.pid !== of.pid || one.seq <= row.seq);
    if (isOwn) last = row.seq;
    held.push(row);
  }
  return held.filter((row) => row.pid !== of.pid || row.seq <= seq);
}
