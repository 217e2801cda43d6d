// Takes a home for a kernel: the operating system's lock, and the fence in its journal. A composition beside boot.ts.
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import { isSameBeat } from "./drivers/journal/fence-words.ts";
import { openHomeLock } from "./drivers/journal/home-lock.ts";
import type { HomeLock } from "./drivers/journal/home-lock.ts";
import { createMemoryJournal } from "./drivers/journal/memory.ts";
import type { RetentiveJournal } from "./drivers/journal/retention.ts";
import { readHolder } from "./drivers/journal/sqlite-fence.ts";
import { openSqliteJournal } from "./drivers/journal/sqlite.ts";
import { systemRandom } from "./drivers/random/system.ts";
import { nodeEngine } from "./drivers/sql/engine.ts";
import type { EngineChoice } from "./drivers/sql/engine.ts";
import { openForReading } from "./drivers/sql/sqlite-file.ts";
import { LeaseWatch } from "./kernel/lease-watch.ts";
import type { NodeRow } from "./kernel/ports.ts";

const LEASE_MS = 15_000;
/** How often who waits for a home looks whether it is free: the next kernel answers so soon after the last one died. */
const LOOK_MS = 250;

/** Wants the home when the kernel that has it ends, or is silent for longer than its lease. */
export interface Standby {
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Told why it waits, once, and again when that changes. */
  readonly tell: (why: SysError) => void;
}

export interface HomeOptions {
  readonly home: string;
  /** Undefined: the journal is in memory. */
  readonly journalFile: string | undefined;
  /** Default: node:sqlite. */
  readonly engine?: EngineChoice;
  /** Default: a home that is held is refused. */
  readonly standby?: Standby | undefined;
  /** What the journal's audit log is signed with, in PEM. Default: nobody signs it. */
  readonly readAuditKey?: () => Promise<string>;
  /** Another kernel may take over when this one has been silent for so long. Default 15,000. */
  readonly leaseMs?: number | undefined;
}

/** A home taken; disposing gives it back. */
export interface TakenHome extends AsyncDisposable {
  readonly lock: HomeLock;
  readonly journal: RetentiveJournal;
  readonly node: NodeRow;
}

/**
 * Takes the home when it is free: its lock is, or, for who stands by, the lease of a kernel that keeps the lock but
 * does not beat any more (it was stopped) has lapsed. The fence keeps that one out then, until it ends and the lock is
 * ours too.
 * @throws SysError EBUSY naming the kernel that holds the home, EIO for a journal that is not ours or is damaged, ENOSPC,
 *   EACCES, EINVAL; the reason of `standby.signal`.
 */
export async function takeHome(options: HomeOptions): Promise<TakenHome> {
  const { home, standby } = options;
  await using opened = new AsyncDisposableStack();
  const lock = opened.use(await openHomeLock(home));
  const watch = new LeaseWatch();
  let told = "";
  for (;;) {
    const taken = await attempt(lock, watch, options);
    if ("journal" in taken) {
      opened.use(taken.journal);
      lock.announce();
      // Who took over from a stopped kernel has the lock as soon as that one has ended.
      const securing = setInterval(() => void lock.take(), 1_000).unref();
      opened.defer(() => clearInterval(securing));
      const stack = opened.move();
      return { lock, ...taken, [Symbol.asyncDispose]: () => stack.disposeAsync() };
    }
    const { refusal, rival } = taken;
    if (!standby) {
      if (!rival) throw refusal;
      await outlast(rival, { watch, refusal, options });
      continue;
    }
    if (refusal.message !== told) standby.tell(refusal);
    told = refusal.message;
    await sleep(LOOK_MS, undefined, { signal: standby.signal });
  }
}

type Attempt =
  | Pick<TakenHome, "journal" | "node">
  /** `rival`: holds the journal without the lock, which is free. */
  | { readonly refusal: SysError; readonly rival?: NodeRow };

/**
 * Waits until who holds the journal without the lock has been silent for its lease: it was killed before it had both.
 * @throws SysError the refusal, when it lives.
 */
async function outlast(
  rival: NodeRow,
  { watch, refusal, options }: { watch: LeaseWatch; refusal: SysError; options: HomeOptions },
): Promise<void> {
  const { journalFile, engine = nodeEngine } = options;
  while (!watch.hasLapsed(rival, performance.now())) {
    await sleep(LOOK_MS);
    const now = journalFile === undefined ? undefined : look(journalFile, engine);
    if (now && !isSameBeat(now, rival)) throw refusal;
  }
}

async function attempt(lock: HomeLock, watch: LeaseWatch, options: HomeOptions): Promise<Attempt> {
  const { journalFile, engine = nodeEngine, leaseMs = LEASE_MS, readAuditKey } = options;
  const isSole = lock.take();
  const seen = isSole ? undefined : journalFile && look(journalFile, engine);
  if (!isSole && !(seen && watch.hasLapsed(seen, performance.now()))) return { refusal: lock.refusal() };
  try {
    await using opened = new AsyncDisposableStack();
    const auditKey = await readAuditKey?.();
    const journal = opened.use(
      journalFile === undefined
        ? createMemoryJournal({ auditKey })
        : await openSqliteJournal({ path: journalFile, engine, ...(auditKey !== undefined && { auditKey }) }),
    );
    const holder = isSole ? await journal.holder() : seen;
    // A kernel without the lock may be alive though the lock is free: it took over from one that has just ended.
    const rival = holder && !holder.isSole ? holder : undefined;
    if (isSole && rival && !watch.hasLapsed(rival, performance.now())) {
      lock.release();
      return { refusal: lock.refusal(), rival };
    }
    const self = { id: systemRandom.text(12), hostPid: process.pid, leaseMs, isSole };
    const node = await journal.claim(self, isSole && !rival ? "anyone" : (holder as NodeRow));
    opened.move();
    return { journal, node };
  } catch (cause) {
    if (!isSysError(cause) || cause.code !== "EBUSY") throw cause;
    return { refusal: seen ? lockedBy(seen, cause) : cause };
  }
}

/** What a kernel that is not asked says about itself. */
function look(path: string, engine: EngineChoice): NodeRow | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const db = openForReading(path, engine);
    try {
      return readHolder(db);
    } finally {
      db.close();
    }
  } catch {
    return undefined; // it cannot be read now: nobody is taken for silent by that
  }
}

/** The holder was stopped while it wrote: SQLite keeps the file locked, and nobody else can write. */
const lockedBy = ({ hostPid }: NodeRow, cause: SysError): SysError =>
  new SysError("EBUSY", `the kernel with pid ${hostPid} does not answer, and keeps the journal locked`, {
    cause,
    hint: `let it go on (kill -CONT ${hostPid}) or end it (kill -9 ${hostPid})`,
    retryable: false,
  });
