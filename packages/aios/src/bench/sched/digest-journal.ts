import { SysError } from "@aiosjs/sdk/protocol";
import { createHash } from "node:crypto";
import type { AccountRow, Journal, JournalImage } from "../../kernel/ports.ts";

/** A journal that keeps nothing but a hash of the events, and budgets as they were told last: what a run of a hundred thousand agents is compared by. */
export interface DigestJournal extends Journal {
  /** SHA-256 over the events so far, in order. */
  digest(): string;
  /** Events so far by topic. */
  readonly counts: ReadonlyMap<string, number>;
  /** By scope, resource and window. */
  readonly accounts: ReadonlyMap<string, AccountRow>;
}

const emptyImage: JournalImage = {
  processes: [],
  keys: [],
  accounts: [],
  buckets: [],
  meta: new Map(),
  intents: [],
  messages: [],
  approvals: [],
  cursors: [],
  timers: [],
  groups: [],
  shares: [],
  mounts: [],
  lastMessageSeq: 0,
  lastEventSeq: 0,
  lastFileChange: 0,
};

export function createDigestJournal(): DigestJournal {
  const hash = createHash("sha256");
  const counts = new Map<string, number>();
  const accounts = new Map<string, AccountRow>();
  return {
    driver: "digest",
    isReadOnly: false,
    counts,
    accounts,
    digest: () => hash.copy().digest("hex"),
    load: () => Promise.resolve(emptyImage),
    commit: (records) => {
      let text = "";
      for (const record of records) {
        if (record.kind === "account") {
          const { scope, resource, window } = record.row;
          accounts.set(`${scope} ${resource} ${window}`, record.row);
        }
        if (record.kind !== "event") continue;
        const { topic } = record.row;
        counts.set(topic, (counts.get(topic) ?? 0) + 1);
        text += `${JSON.stringify(record.row)}\n`;
      }
      if (text !== "") hash.update(text);
      return Promise.resolve();
    },
    events: () => Promise.resolve([]),
    calls: () => Promise.resolve([]),
    call: () => Promise.resolve(undefined),
    process: () => Promise.resolve(undefined),
    values: () => Promise.resolve([]),
    notes: () => Promise.resolve([]),
    noteVersions: () => Promise.resolve([]),
    noteNamespaces: () => Promise.resolve([]),
    noteUsage: () => Promise.resolve([]),
    evictableNotes: () => Promise.resolve([]),
    files: () => Promise.resolve([]),
    fileVersions: () => Promise.resolve([]),
    blob: () => Promise.resolve(undefined),
    unplacedFiles: () => Promise.resolve([]),
    fileUsage: () => Promise.resolve({ files: 0, bytes: 0, keptBytes: 0 }),
    fileRoots: () => Promise.resolve([]),
    verifyAudit: () => Promise.reject(new SysError("ENOSYS", "a digest keeps no audit log")),
    holder: () => Promise.resolve(undefined),
    claim: (node) => Promise.resolve({ ...node, epoch: 1, beat: 0 }),
    renew: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
