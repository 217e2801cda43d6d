import type { JournalEvent } from "@aiosjs/sdk/protocol";
import type { AccountRow, BucketRow, CallRow, Journal, JournalRecord, KeyRow, ProcessRow } from "../../kernel/ports.ts";

/** A journal that lives as long as the object: for tests and simulations. Same semantics as the durable ones but for the disk. */
export function createMemoryJournal(): Journal {
  const processes = new Map<string, ProcessRow>();
  const calls = new Map<string, CallRow>();
  const keys = new Map<string, KeyRow>();
  const accounts = new Map<string, AccountRow>();
  const buckets = new Map<string, BucketRow>();
  const meta = new Map<string, string>();
  const events: JournalEvent[] = [];

  const keep = (record: JournalRecord): void => {
    switch (record.kind) {
      case "process":
        return void processes.set(record.row.pid, record.row);
      case "call": {
        const request = record.row.request === undefined ? calls.get(record.row.call)?.request : record.row.request;
        return void calls.set(record.row.call, { ...record.row, request });
      }
      case "key":
        return void keys.set(record.row.id, record.row);
      case "account":
        return void accounts.set(`${record.row.scope} ${record.row.resource} ${record.row.window}`, record.row);
      case "bucket":
        return void buckets.set(`${record.row.lane} ${record.row.bucket}`, record.row);
      case "meta":
        return void meta.set(record.key, record.value);
      case "event":
        return void events.push(record.row);
    }
  };

  return {
    driver: "memory",
    isReadOnly: false,
    load: () =>
      Promise.resolve({
        processes: [...processes.values()],
        keys: [...keys.values()],
        accounts: [...accounts.values()],
        buckets: [...buckets.values()],
        meta: new Map(meta),
        intents: [...calls.values()].filter(({ state }) => state === "intent"),
        lastEventSeq: events.at(-1)?.seq ?? 0,
      }),
    commit: (records) => {
      for (const record of records) keep(structuredClone(record));
      return Promise.resolve();
    },
    events: ({ afterSeq, limit, tenant, pid, topics }) =>
      Promise.resolve(
        events
          .filter(
            (event) =>
              event.seq > afterSeq &&
              (tenant === undefined || event.tenant === tenant) &&
              (pid === undefined || event.pid === pid) &&
              (topics === undefined || topics.includes(event.topic)),
          )
          .slice(0, limit),
      ),
    calls: ({ tenant, pid, afterSeq, limit }) =>
      Promise.resolve(
        [...calls.values()]
          .filter((row) => row.tenant === tenant && row.pid === pid && row.seq > afterSeq)
          .toSorted((left, right) => left.seq - right.seq)
          .slice(0, limit),
      ),
    call: (id) => Promise.resolve(calls.get(id)),
    process: (pid) => Promise.resolve(processes.get(pid)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
