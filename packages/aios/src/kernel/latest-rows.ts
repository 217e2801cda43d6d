import type { JournalRecord } from "./ports.ts";

/**
 * The records without those that a later one of them replaces whole: a process that has ended forty calls in one turn is
 * written once. A call that began and ended in it is written once too, with the request of its beginning.
 */
export function latestRows(records: readonly JournalRecord[]): readonly JournalRecord[] {
  const places = {
    process: new Map<string, number>(),
    call: new Map<string, number>(),
    account: new Map<string, number>(),
  };
  const rows: JournalRecord[] = [];
  for (const record of records) {
    if (record.kind !== "process" && record.kind !== "call" && record.kind !== "account") {
      rows.push(record);
      continue;
    }
    const name = nameOf(record);
    const place = places[record.kind].get(name);
    if (place !== undefined) rows[place] = after(rows[place], record);
    else places[record.kind].set(name, rows.push(record) - 1);
  }
  return rows;
}

function nameOf(record: JournalRecord & { kind: "process" | "call" | "account" }): string {
  switch (record.kind) {
    case "process":
      return record.row.pid;
    case "call":
      return record.row.call;
    case "account":
      return `${record.row.scope} ${record.row.resource} ${record.row.window}`;
  }
}

/** A call's later rows leave its request as it is. */
function after(before: JournalRecord | undefined, record: JournalRecord): JournalRecord {
  if (record.kind !== "call" || before?.kind !== "call" || record.row.request !== undefined) return record;
  return { kind: "call", row: { ...record.row, request: before.row.request } };
}
