import { asPid, isSyscallName, SysError } from "@aiosjs/sdk/protocol";
import type { Pid, SnapshotItem, TenantId } from "@aiosjs/sdk/protocol";
import { seesAll } from "./access.ts";
import { callOf, ToldCalls } from "./held-calls.ts";
import type { Holder, JournalRecord, Principal } from "./ports.ts";
import type { Parts } from "./parts.ts";
import type { Timer } from "./timers.ts";

type Head = Extract<SnapshotItem, { is: "process" }>;
type Surroundings = Pick<Parts, "clock" | "timers" | "random" | "journal" | "outbox" | "holdings" | "processes">;

/** Whoever goes on with an upload does so within this. */
const IDLE_MS = 10 * 60_000;
/** Uploads of a tenant at once. */
const MAX_OPEN = 8;
/** What is kept in memory until the end: values. */
const MAX_HELD_CHARS = 256 * 1024 * 1024;

/** No process makes so many calls: numbers go on behind those of a snapshot, and stay what a journal can hold. */
const MAX_SEQ = 1e12;
/** The last instant that a date can be. */
const MAX_INSTANT = 8.64e15;

/** A snapshot on its way in: for a process that nobody knows of yet. */
export interface Upload {
  readonly id: string;
  readonly head: Head;
  readonly holder: Holder;
  readonly told: ToldCalls;
  /** What belongs into the commit that makes the process. */
  readonly records: JournalRecord[];
  heldChars: number;
  /** A page is being taken in: they come one after another. */
  isBusy: boolean;
  idle: Timer | undefined;
}

/**
 * Snapshots that are handed in. Calls and files lie under a pid that no process has until the last commit: what is given up
 * was never there. Who sends them is not trusted: a snapshot gives nobody more than they have.
 */
export class Uploads {
  readonly #parts: Surroundings;
  readonly #open = new Map<string, Upload>();

  constructor(parts: Surroundings) {
    this.#parts = parts;
  }

  /** @throws SysError EINVAL for what is no snapshot, EAGAIN when too many are on their way, ENOENT for an upload that is gone. */
  async take(id: string | undefined, items: readonly SnapshotItem[], principal: Principal): Promise<Upload> {
    const upload = id === undefined ? await this.#begin(items[0], principal) : this.#hold(id, principal.tenant);
    try {
      await this.#add(upload, id === undefined ? items.slice(1) : items);
    } catch (cause) {
      await this.#drop(upload);
      throw cause;
    }
    upload.isBusy = false;
    this.#wait(upload);
    return upload;
  }

  /** The upload is whole; nobody else goes on with it. */
  close(id: string, { tenant }: Pick<Principal, "tenant">): Upload {
    const upload = this.#hold(id, tenant);
    this.#open.delete(id);
    upload.idle?.cancel();
    return upload;
  }

  async #begin(head: SnapshotItem | undefined, principal: Principal): Promise<Upload> {
    const { tenant } = principal;
    if (head?.is !== "process") throw refused("it does not begin with a process");
    if (head.seq > MAX_SEQ) throw refused(`call ${head.seq}, its last one, is none that a process comes to`);
    const open = [...this.#open.values()].filter(({ holder }) => holder.tenant === tenant);
    if (open.length >= MAX_OPEN)
      throw new SysError("EAGAIN", `${MAX_OPEN} snapshots are on their way in already`, { retryAfterMs: IDLE_MS });
    const id = `u${this.#parts.random.text(15)}`;
    const holder = { tenant, pid: await this.#freePid(head.pid, principal) };
    const upload = {
      id,
      head,
      holder,
      told: new ToldCalls(),
      records: [],
      heldChars: 0,
      isBusy: true,
      idle: undefined,
    };
    this.#open.set(id, upload);
    return upload;
  }

  #hold(id: string, tenant: TenantId): Upload {
    const upload = this.#open.get(id);
    if (upload?.holder.tenant !== tenant)
      throw new SysError("ENOENT", `no snapshot is on its way in as ${JSON.stringify(id.slice(0, 40))}`, {
        hint: "begin again: aios restore FILE",
      });
    if (upload.isBusy)
      throw new SysError("EBUSY", "a page of this snapshot is being taken in; they come one after another");
    upload.isBusy = true;
    upload.idle?.cancel();
    return upload;
  }

  /**
   * The pid that it had, if it can be one and nobody has had it here; a new one otherwise, and for whoever does not see all: they
   * would learn by it which pids there are.
   */
  async #freePid(wanted: string, principal: Principal): Promise<Pid> {
    const { tenant } = principal;
    const isKept = seesAll(principal) && /^[0-9a-z]{6}$/.test(wanted);
    let pid = asPid(isKept ? wanted : this.#parts.random.text(6));
    while (await this.#isTaken({ tenant, pid })) pid = asPid(this.#parts.random.text(6));
    return pid;
  }

  async #isTaken(holder: Holder): Promise<boolean> {
    const { processes, journal, outbox, holdings } = this.#parts;
    if (processes.get(holder.pid) !== undefined) return true;
    if ([...this.#open.values()].some((upload) => upload.holder.pid === holder.pid)) return true;
    await outbox.flushed();
    if ((await journal.process(holder.pid)) !== undefined) return true;
    if ((await journal.calls({ ...holder, afterSeq: 0, limit: 1 })).length > 0) return true;
    for (const holding of holdings) if (await holding.isHeldBy(holder)) return true;
    return false;
  }

  async #add(upload: Upload, items: readonly SnapshotItem[]): Promise<void> {
    const { holder, head, told } = upload;
    const { outbox, holdings, random } = this.#parts;
    const calls: JournalRecord[] = [];
    const pieces = new Map<string, unknown[]>();
    for (const item of items) {
      if (item.is === "process") throw refused("a second process begins in it");
      if (item.is === "held") {
        pieces.set(item.holding, [...(pieces.get(item.holding) ?? []), item.body]);
        continue;
      }
      const where = `call ${item.seq} (${item.name})`;
      if (!isSyscallName(item.name)) throw refused(`${where}: there is no such syscall here`);
      if (item.seq > MAX_SEQ || (item.completion ?? 0) > MAX_SEQ)
        throw refused(`${where} is none that a process comes to`);
      if ([...Object.values(item.timing), item.firstOutputAtMs ?? 0].some((ms) => Math.abs(ms) > MAX_INSTANT))
        throw refused(`${where} was made at no time there is`);
      if (item.seq <= told.seq) throw refused(`${where} comes after call ${told.seq}`);
      if ((item.state === "intent") !== (item.completion === null)) throw refused(`${where} is neither open nor ended`);
      if ((item.state === "failed") !== (item.error !== null)) throw refused(`${where} has neither failed nor not`);
      if (item.seq > head.seq && item.replayKey !== null)
        throw refused(`${where} comes after ${head.seq}, its last one`);
      told.add(item);
      calls.push({ kind: "call", row: callOf(item, holder, { random }) });
    }
    if (calls.length > 0) await outbox.commitOnce(...calls);
    for (const [name, bodies] of pieces) {
      const holding = holdings.find((one) => one.name === name);
      if (!holding) throw refused(`it holds ${JSON.stringify(name.slice(0, 40))}, which nothing here can`);
      const records = await holding.import(holder, bodies);
      upload.records.push(...records);
      if (records.length > 0) this.#count(upload, bodies);
    }
  }

  #count(upload: Upload, bodies: readonly unknown[]): void {
    upload.heldChars += JSON.stringify(bodies).length;
    if (upload.heldChars > MAX_HELD_CHARS)
      throw new SysError("E2BIG", `the snapshot holds values of more than ${MAX_HELD_CHARS} characters`);
  }

  #wait(upload: Upload): void {
    const { timers, clock } = this.#parts;
    upload.idle = timers.at(clock.nowMs() + IDLE_MS, () => void this.#drop(upload).catch(() => undefined));
  }

  async #drop(upload: Upload): Promise<void> {
    this.#open.delete(upload.id);
    await this.forget(upload);
  }

  /** What lies under its pid goes. Its calls are nobody's, and go with the age of the journal. */
  async forget({ holder }: Upload): Promise<void> {
    for (const holding of this.#parts.holdings) await holding.drop(holder);
  }
}

const refused = (what: string): SysError =>
  new SysError("EINVAL", `the snapshot cannot be taken in: ${what}`, {
    hint: "take it anew: aios snapshot PID",
  });
