/** What is wrong at the first entry of the audit log where something is. */
export interface AuditFault {
  /**
   * `event`: it is not what was written. `hash`: it is, and the hash beside it is not. `entry`: another one stands there.
   * `gone`: it is missing. `cut-off`: it is missing, and so is all that stood behind it. `end`: it stands behind the end, or the
   * end that is noted is another one. `stray`: the event is in no entry. `cut`: what stood before it is gone, and no entry says
   * that it was forgotten. `checkpoint`: what was signed is another log, the signature is none, or is missing.
   * `key`: another key has signed it.
   */
  readonly what: "event" | "hash" | "entry" | "gone" | "cut-off" | "end" | "stray" | "cut" | "checkpoint" | "key";
  /** Of the entry; 0 for an event that is in none. */
  readonly number: number;
  /** Of its event; null where it is gone, or the entry is one of the log's own. */
  readonly seq: number | null;
  readonly topic: string | null;
}

/** What the audit log says of itself: every event of the journal, in the order in which they came to the disk. */
export interface AuditVerdict {
  /** Whose log it is; null while there is none, because no event has been recorded since journals have one. */
  readonly home: string | null;
  /** Entries before this one were forgotten. */
  readonly first: number;
  /** The last entry, and its hash in hexadecimal: whoever keeps these elsewhere can tell later whether it is still there. */
  readonly last: number;
  readonly hash: string;
  /** Of the entries looked at, those that are events. */
  readonly events: number;
  /** The greatest number of the events that are older than the log, and not in it; 0 where there were none. */
  readonly lastSeqBefore: number;
  /** How many signatures were looked at. */
  readonly checkpoints: number;
  /** The last of them; entries behind it can be cut off without a trace by whoever can write the journal. */
  readonly signed: { readonly number: number; readonly atMs: number; readonly key: string } | null;
  readonly replacedKeys: readonly { readonly number: number; readonly from: string; readonly to: string }[];
  readonly fault: AuditFault | null;
}

export interface AuditQuery {
  /** Ed25519, hexadecimal: nobody else's signature counts. Default: the home's own key, and those that it has replaced. */
  readonly publicKey?: string | undefined;
  /** An entry that must be there, with this hash in hexadecimal. */
  readonly expected?: { readonly number: number; readonly hash: string } | undefined;
  readonly signal?: AbortSignal | undefined;
}
