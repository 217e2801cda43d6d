import type { JournalRecord } from "../../kernel/ports.ts";
import type { Value } from "./wire.ts";

/** A group goes to the writer at once; these bounds keep the acknowledgement of its first commit from waiting long. */
const GROUP_COMMITS = 512;
const GROUP_VALUES = 65_536;
const GROUP_BYTES = 16 * 1024 * 1024;

/** A commit that the writer has not yet. */
export interface Pending {
  readonly records: readonly JournalRecord[];
  values: Value[];
  /** Of contents among the values. */
  readonly bytes: number;
  readonly settled: PromiseWithResolvers<void>;
}

/** How many of the first commits go to the writer together. */
export function sizeOfGroup(all: readonly Pending[]): number {
  let size = 0;
  let values = 0;
  let bytes = 0;
  for (const pending of all) {
    if (size >= GROUP_COMMITS || values >= GROUP_VALUES || bytes >= GROUP_BYTES) break;
    values += pending.values.length;
    bytes += pending.bytes;
    size++;
  }
  return size;
}

export function joined(group: readonly Pending[]): readonly Value[] {
  const first = group[0]?.values ?? [];
  if (group.length === 1) return first;
  const values: Value[] = [];
  for (const pending of group) for (const value of pending.values) values.push(value);
  return values;
}
