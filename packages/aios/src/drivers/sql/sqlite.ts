import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import { nodeEngine } from "./engine.ts";
import type { EngineChoice } from "./engine.ts";
import type { SqlDriver, SqlOutcome, SqlRow, SqlStatement, SqlTransaction, SqlValue } from "./port.ts";
import { checkNotice, Notices } from "./sqlite-notices.ts";
import type { BatchOutcome, SqlOrder, WorkerData } from "./sqlite-worker.ts";
import { SqlThread, toSysError } from "./thread.ts";

/** The most statements that share a commit: keeps the acknowledgement of the first from waiting long. */
const GROUP_STATEMENTS = 4_096;

export interface SqliteOptions {
  /** The database file; folders above it are made. */
  readonly path: string;
  /** Step n leads from schema n - 1 to n; a step is never edited once released. */
  readonly migrations: readonly string[];
  /** Default: node:sqlite. */
  readonly engine?: EngineChoice;
  /** The file never grows past so many pages of 4 KB: beyond it writes reject with ENOSPC. Default: the disk. */
  readonly maxPages?: number;
  /** How often, while somebody listens, the notices of other connections are looked for. Default 1,000 ms. */
  readonly pollMs?: number;
}

interface Pending {
  readonly statements: readonly SqlStatement[];
  readonly settled: PromiseWithResolvers<readonly SqlOutcome[]>;
}

/**
 * A SQLite file: WAL, synchronous=FULL, one writer thread with group commit, a reader thread beside it.
 * @throws SysError EIO naming a file that is foreign, damaged or newer than we are: it is never read as empty.
 */
export async function openSqlite(options: SqliteOptions): Promise<SqlDriver> {
  const { engine = nodeEngine, maxPages, migrations, pollMs = 1_000 } = options;
  const file = { path: resolve(options.path), engine, maxPages, migrations };
  return new SqliteDriver(await start({ ...file, role: "writer" }), { file, pollMs });
}

const start = (data: WorkerData): Promise<SqlThread<SqlOrder>> => {
  const module = import.meta.url.endsWith(".ts") ? "./sqlite-worker.ts" : "./sqlite-worker.js";
  return SqlThread.start<SqlOrder>({ file: new URL(module, import.meta.url), name: `sql-${data.role}`, data });
};

class SqliteDriver implements SqlDriver {
  readonly dialect = "sqlite";
  readonly #writer: SqlThread<SqlOrder>;
  readonly #file: Omit<WorkerData, "role">;
  readonly #notices: Notices;
  /** The transaction within whose work we are. */
  readonly #inside = new AsyncLocalStorage<Transaction>();
  #reader: Promise<SqlThread<SqlOrder>> | undefined;
  #pending: Pending[] = [];
  /** The end of the line in front of the writer: groups of batches and transactions take turns. */
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(writer: SqlThread<SqlOrder>, { file, pollMs }: { file: Omit<WorkerData, "role">; pollMs: number }) {
    this.#writer = writer;
    this.#file = file;
    this.#notices = new Notices({ sender: randomUUID(), pollMs, query: (text, values) => this.query(text, values) });
  }

  async query(text: string, values: readonly SqlValue[] = []): Promise<readonly SqlRow[]> {
    this.#refuseClosed();
    this.#reader ??= start({ ...this.#file, role: "reader" }).catch((cause: unknown) => {
      this.#reader = undefined;
      throw cause;
    });
    return (await this.#reader).ask({ type: "query", statement: { text, values } });
  }

  async run(text: string, values: readonly SqlValue[] = []): Promise<SqlOutcome> {
    const [outcome] = await this.batch([{ text, values }]);
    return outcome as SqlOutcome;
  }

  async batch(statements: readonly SqlStatement[]): Promise<readonly SqlOutcome[]> {
    this.#refuseWrite();
    const settled = Promise.withResolvers<readonly SqlOutcome[]>();
    this.#pending.push({ statements, settled });
    if (this.#pending.length === 1) void this.#inTurn(() => this.#writeGroup());
    return settled.promise;
  }

  async tx<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    this.#refuseWrite();
    return this.#inTurn(async () => {
      await this.#writer.ask({ type: "begin" });
      const transaction = new Transaction(this.#writer);
      try {
        const result = await this.#inside.run(transaction, () => work(transaction));
        transaction.end();
        await this.#writer.ask({ type: "commit" });
        return result;
      } catch (cause) {
        transaction.close();
        // A connection that cannot take it back is closed, which does.
        await this.#writer.ask({ type: "rollback" }).catch(() => undefined);
        throw cause;
      }
    });
  }

  async listen(channel: string, act: (payload: string) => void): Promise<AsyncDisposable> {
    this.#refuseClosed();
    checkNotice(channel);
    return this.#notices.listen(channel, act);
  }

  async notify(channel: string, payload: string): Promise<void> {
    checkNotice(channel, payload);
    await this.batch(this.#notices.statements(channel, payload));
    this.#notices.tell(channel, payload);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#notices.close();
    while (this.#pending.length > 0) await this.#last;
    await this.#last;
    await (await this.#reader)?.stop();
    await this.#writer.stop();
  }

  #refuseClosed(): void {
    if (this.#isClosed) throw new SysError("EIO", `the database ${this.#file.path} is closed`, { retryable: false });
  }

  #refuseWrite(): void {
    this.#refuseClosed();
    if (this.#inside.getStore()?.isOpen !== true) return;
    throw new SysError("EINVAL", "a write through the driver inside a transaction would wait for itself", {
      hint: "use the transaction's own run",
    });
  }

  /** Does it when everything before it in the line is done, whatever became of that. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async #writeGroup(): Promise<void> {
    // The batches of this turn of the event loop go together.
    await new Promise((next) => setImmediate(next));
    const group = this.#takeGroup();
    try {
      const batches = group.map(({ statements }) => statements);
      const outcomes = await this.#writer.ask<BatchOutcome[]>({ type: "batches", batches });
      for (const [index, { settled }] of group.entries()) {
        const outcome = outcomes[index] as BatchOutcome;
        if ("fault" in outcome) settled.reject(toSysError(outcome.fault));
        else settled.resolve(outcome.outcomes);
      }
    } catch (cause) {
      for (const { settled } of group) settled.reject(cause);
    }
  }

  #takeGroup(): Pending[] {
    let size = 0;
    let count = 0;
    while (size < this.#pending.length && count < GROUP_STATEMENTS) {
      count += this.#pending[size++]?.statements.length ?? 0;
    }
    const group = this.#pending.splice(0, size);
    if (this.#pending.length > 0) void this.#inTurn(() => this.#writeGroup());
    return group;
  }
}

class Transaction implements SqlTransaction {
  readonly #writer: SqlThread<SqlOrder>;
  #failure: unknown;
  #isOpen = true;

  constructor(writer: SqlThread<SqlOrder>) {
    this.#writer = writer;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  query(text: string, values: readonly SqlValue[] = []): Promise<readonly SqlRow[]> {
    return this.#ask({ type: "query", statement: { text, values } });
  }

  run(text: string, values: readonly SqlValue[] = []): Promise<SqlOutcome> {
    return this.#ask({ type: "run", statement: { text, values } });
  }

  /** @throws what the first statement that failed did: PostgreSQL commits no transaction after one either. */
  end(): void {
    this.close();
    if (this.#failure !== undefined) throw this.#failure;
  }

  close(): void {
    this.#isOpen = false;
  }

  async #ask<T>(order: SqlOrder): Promise<T> {
    if (!this.#isOpen) throw new SysError("EINVAL", "the transaction is over");
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return await this.#writer.ask<T>(order);
    } catch (cause) {
      this.#failure ??= cause;
      throw cause;
    }
  }
}
