/** What a statement takes and a row holds. A value is of its column's type: PostgreSQL does not guess as SQLite does. */
export type SqlValue = string | number | null | Uint8Array;

export type SqlRow = Readonly<Record<string, SqlValue>>;

export interface SqlStatement {
  /** One statement; its values stand in it as `$1`, `$2`…, each as often as needed. */
  readonly text: string;
  readonly values?: readonly SqlValue[];
  /** It must change exactly so many rows, else its whole batch does nothing and fails with ESTALE: how writes are fenced. */
  readonly mustChange?: number;
}

export interface SqlOutcome {
  readonly changes: number;
  /** What `returning` asks for; empty without it. */
  readonly rows: readonly SqlRow[];
}

/** A transaction that is open. After a statement of it has failed it can only be taken back, on every database. */
export interface SqlTransaction {
  /** Sees what the transaction has written. */
  query(text: string, values?: readonly SqlValue[]): Promise<readonly SqlRow[]>;
  run(text: string, values?: readonly SqlValue[]): Promise<SqlOutcome>;
}

/**
 * A SQL database. Shared texts use common types (text, bigint, smallint, double precision), `$n`, `insert … on conflict`
 * and `returning`; what differs is written per `dialect`. Schemas are numbered steps, given when it is opened.
 * @throws SysError, whatever is asked: EINVAL for a statement that the database refuses, EBUSY while somebody else
 *   keeps it locked, ENOSPC when it is full or read-only, ESTALE for `mustChange`, else EIO.
 */
export interface SqlDriver extends AsyncDisposable {
  readonly dialect: "sqlite" | "postgres";
  /** Only reads, and sees every write that was acknowledged. */
  query(text: string, values?: readonly SqlValue[]): Promise<readonly SqlRow[]>;
  /** A batch of one. */
  run(text: string, values?: readonly SqlValue[]): Promise<SqlOutcome>;
  /**
   * All statements or none, in order, durable when it resolves. Batches made meanwhile share one durable commit; one
   * that fails takes no other with it, unless the commit itself fails. After a crash a batch that was not acknowledged
   * is there whole or not at all.
   */
  batch(statements: readonly SqlStatement[]): Promise<readonly SqlOutcome[]>;
  /**
   * For what has to look before it writes; taken back when `work` rejects. SQLite has one writer: every batch waits
   * while `work` does, a round trip to the writer per statement, so no hot path uses it. Inside `work` only the
   * transaction is asked: a write through the driver is refused with EINVAL, as it would wait for itself.
   */
  tx<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T>;
  /**
   * Calls `act`, which must not throw, for each notice on the channel from now on, those of this driver included.
   * Notices say that something is there to look for; one may be lost when a connection breaks, so tables hold the truth.
   */
  listen(channel: string, act: (payload: string) => void): Promise<AsyncDisposable>;
  /** A channel is a lower-case name of at most 63 characters; a payload has less than 8,000 bytes (PostgreSQL's bounds). */
  notify(channel: string, payload: string): Promise<void>;
}
