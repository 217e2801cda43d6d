import type { ProcessRow } from "./ports.ts";

/** In order of their beginnings, but none before its parent: clocks that were set back tell of children that began earlier. */
export function parentsFirst(rows: readonly ProcessRow[]): Iterable<ProcessRow> {
  const byPid = new Map(rows.map((row) => [row.pid, row]));
  const ordered = new Set<ProcessRow>();
  const enter = (row: ProcessRow): void => {
    const parent = row.parent === null ? undefined : byPid.get(row.parent);
    if (parent && !ordered.has(parent)) enter(parent);
    ordered.add(row);
  };
  for (const row of rows.toSorted((left, right) => left.startedAtMs - right.startedAtMs)) enter(row);
  return ordered;
}
