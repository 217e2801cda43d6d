import { SysError } from "@aiosjs/sdk/protocol";
import type { JournalEventBodies, Pid, TenantId } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import type { JoinedRow } from "./gate/agent-row.ts";
import type { Gate } from "./gate/gate.ts";
import { sandboxRank } from "./gate/gates.ts";
import { spokenBy } from "./gate/speaker.ts";
import type { Mailbox } from "./mailbox.ts";
import type { Outbox } from "./outbox.ts";
import type { Clock, IsolationTier, MessageRow, Random, Sandbox, SandboxDriver, SandboxLimits } from "./ports.ts";
import type { Process } from "./process.ts";
import type { ProcessTable } from "./process-table.ts";
import { SandboxChoice } from "./sandbox-choice.ts";
import type { EgressDoor, SandboxPorts } from "./sandboxes-port.ts";

/** At a time. Each is a folder on the disk; each command in one, a few processes of the machine. */
const MAX_OF_PROCESS = 16;
const MAX_OF_TENANT = 64;
/** A sandbox that is there is a message in this queue, which is taken when the sandbox goes. */
const DIRECTORY = "sandboxes";

/** What the message that stands for a sandbox says. */
interface Entry {
  readonly id: string;
  /** Of one process; null: it has none. */
  readonly name: string | null;
  readonly driver: string;
  readonly tier: IsolationTier;
  readonly hasEgress: boolean;
}

/** A sandbox that a process has. */
export interface Held extends Entry {
  readonly pid: Pid;
  readonly tenant: TenantId;
  /** Made for one command. */
  readonly isFresh: boolean;
  readonly atMs: number;
  /** Commands that run in it. */
  commands: number;
}

interface Kept extends Held {
  row: MessageRow | undefined;
  /** Undefined: an earlier kernel made it, and nobody has asked for it since. */
  opening: Promise<{ readonly sandbox: Sandbox; readonly door: EgressDoor | undefined }> | undefined;
}

interface SandboxParts {
  readonly mailbox: Mailbox;
  readonly processes: ProcessTable;
  readonly clock: Clock;
  readonly random: Random;
  readonly outbox: Outbox;
  readonly gate: () => Gate;
}

/** The sandboxes of processes. They last as long as these do, over restarts of the kernel too. */
export class Sandboxes {
  readonly #kept = new Map<string, Kept>();
  readonly #ports: SandboxPorts;
  readonly #parts: SandboxParts;
  readonly #choice: SandboxChoice;
  readonly #leaving = new Set<Promise<void>>();

  constructor(ports: SandboxPorts, parts: SandboxParts) {
    this.#ports = ports;
    this.#parts = parts;
    this.#choice = new SandboxChoice(ports.drivers);
    for (const row of parts.mailbox.takeLeft(DIRECTORY)) {
      const { tenant, from, atMs } = row;
      const entry = row.body as Entry;
      if (from !== null)
        this.#kept.set(entry.id, {
          ...entry,
          row,
          tenant,
          pid: from,
          atMs,
          isFresh: false,
          commands: 0,
          opening: undefined,
        });
    }
  }

  /** Removes what nobody has any more: of processes that have ended, and what an earlier kernel had not yet put on record. */
  async open(): Promise<void> {
    for (const kept of this.#kept.values()) {
      const process = this.#parts.processes.get(kept.pid);
      if (!process || process.exit) void this.#drop(kept);
    }
    for (const driver of this.#choice.all) {
      // What cannot be asked or removed now is removed when a later kernel starts.
      const left = await driver.list().catch(() => []);
      for (const { id } of left) if (!this.#kept.has(id)) await removeLeft(driver, id).catch(() => undefined);
    }
  }

  /** Whether there is anything that runs commands, or code where that is all that is asked for. */
  async offers(tier: IsolationTier): Promise<boolean> {
    return this.#choice.pick(tier).then(
      () => true,
      () => false,
    );
  }

  /**
   * Of the caller; it is there when the call has succeeded. One of a name that it has is told again.
   * @throws SysError EAGAIN too many, ENOSYS nothing here is so strong.
   */
  async make(
    record: CallRecord,
    {
      tier,
      limits,
      isFresh,
      name = null,
    }: { tier: IsolationTier; limits: SandboxLimits; isFresh: boolean; name?: string | null | undefined },
  ): Promise<{ readonly held: Held; readonly sandbox: Sandbox }> {
    const { process } = record;
    const { clock, random, mailbox } = this.#parts;
    const driver = await this.#choice.pick(tier);
    const known = this.#named(name, process);
    if (known && !serves(known.tier, tier))
      throw new SysError(
        "EEXIST",
        `sandbox "${known.name}" of this process is of the ${known.tier} tier, not ${tier}`,
        {
          hint: `remove it first (sandbox.remove ${known.id}), or take another name`,
        },
      );
    if (known) return { held: known, sandbox: await this.enter(known, process) };
    this.#checkRoom(process);
    const hasEgress = driver.tier !== "wasm" && this.#rowOf(process).egress.length > 0;
    const entry: Entry = { id: random.text(16), name, driver: driver.name, tier: driver.tier, hasEgress };
    const [{ pid, tenant }, atMs] = [process, clock.nowMs()];
    const kept: Kept = { ...entry, pid, tenant, isFresh, atMs, commands: 0, row: undefined, opening: undefined };
    this.#kept.set(kept.id, kept);
    try {
      kept.opening = this.#withDoor(kept, (egress) => driver.create({ id: kept.id, tenant, egress, limits }));
      const { sandbox } = await kept.opening;
      record.abort.signal.throwIfAborted();
      if (!isFresh) {
        const seq = mailbox.nextSeq();
        const about = { seq, tenant, queue: DIRECTORY, from: pid, body: entry, atMs, takenBy: null };
        const row = (kept.row = { ...about, label: spokenBy(process) });
        record.effects.push({ kind: "message", row });
        record.settles.push((isKept) => void (isKept || this.#drop(kept)));
      }
      return { held: kept, sandbox };
    } catch (cause) {
      void this.#drop(kept);
      throw cause;
    }
  }

  /** @throws SysError ENOENT, also for what is there but not the caller's to see. */
  find(id: string, process: Process): Held {
    const kept = this.#kept.get(id);
    if (kept && this.#isSeen(kept, process)) return kept;
    throw absent(id, "a sandbox is for the process that made it, and for those above it");
  }

  /**
   * To run something in it.
   * @throws SysError EACCES it is a child's: what it holds, and where it may reach to, are the child's.
   */
  async enter({ id }: Held, process: Process): Promise<Sandbox> {
    const kept = this.#kept.get(id);
    if (!kept) throw absent(id, "it was removed meanwhile");
    if (kept.pid !== process.pid && process.kind !== "kernel")
      throw new SysError("EACCES", `sandbox ${id} is process ${kept.pid}'s`, {
        hint: "make one of your own (sandbox.create), or have that process run the command",
      });
    kept.opening ??= this.#withDoor(kept, async () => {
      const sandbox = await this.#choice.named(kept.driver)?.attach(id);
      if (sandbox) return sandbox;
      throw absent(id, `it has not outlived the earlier kernel (${kept.driver}): make another`);
    });
    try {
      return (await kept.opening).sandbox;
    } catch (cause) {
      kept.opening = undefined;
      throw cause;
    }
  }

  seenBy(process: Process): readonly Held[] {
    return [...this.#kept.values()].filter((kept) => this.#isSeen(kept, process));
  }

  /** Counts a command that runs in it, as long as it does. */
  async during<Result>({ id }: Held, work: () => Promise<Result>): Promise<Result> {
    const kept = this.#kept.get(id);
    if (kept) kept.commands++;
    try {
      return await work();
    } finally {
      if (kept) kept.commands--;
    }
  }

  /** Resolves when nothing of it runs any more. */
  async remove({ id }: Held): Promise<void> {
    const kept = this.#kept.get(id);
    if (kept) await this.#drop(kept);
  }

  ended(process: Process): void {
    for (const kept of this.#kept.values()) if (kept.pid === process.pid) void this.#drop(kept);
  }

  /** The kernel stops: nothing runs any more, and what is on record stays for the next one. */
  async close(): Promise<void> {
    const all = [...this.#kept.values()].map(async (kept) => {
      if (!kept.row) return this.#drop(kept);
      const opened = await kept.opening?.catch(() => undefined);
      await opened?.sandbox.stop().catch(() => undefined);
      await opened?.door?.[Symbol.asyncDispose]();
    });
    await Promise.all([...all, ...this.#leaving]);
  }

  #rowOf(process: Process): JoinedRow {
    return this.#parts.gate().rowOf(process);
  }

  /** A person's are all of the tenant's. */
  #isSeen({ tenant, pid }: Held, process: Process): boolean {
    if (tenant !== process.tenant) return false;
    return process.kind === "kernel" || this.#parts.processes.get(pid)?.isUnder(process) === true;
  }

  #named(name: string | null, { pid }: Process): Kept | undefined {
    if (name === null) return undefined;
    return [...this.#kept.values()].find((kept) => kept.pid === pid && kept.name === name);
  }

  #checkRoom({ pid, tenant }: Process): void {
    const theirs = [...this.#kept.values()].filter((kept) => kept.tenant === tenant);
    const own = theirs.filter((kept) => kept.pid === pid);
    const refuse = (who: string, count: number): never => {
      throw new SysError("EAGAIN", `${who} has ${count} sandboxes`, {
        hint: "remove those that are not needed (sandbox.remove), or wait for commands to end",
      });
    };
    if (own.length >= MAX_OF_PROCESS) refuse(`process ${pid}`, own.length);
    if (theirs.length >= MAX_OF_TENANT) refuse(`tenant ${tenant}`, theirs.length);
  }

  async #withDoor(
    { id, pid, tenant, hasEgress }: Held,
    open: (egress: string | undefined) => Promise<Sandbox>,
  ): Promise<{ sandbox: Sandbox; door: EgressDoor | undefined }> {
    const { outbox, processes } = this.#parts;
    // The policy may have been changed since, and the process be gone: then nothing leaves any more.
    const row = (): JoinedRow | undefined => {
      const process = processes.get(pid);
      return process && this.#rowOf(process);
    };
    const door = hasEgress
      ? await this.#ports.openEgress({
          id,
          pid,
          tenant,
          allowed: () => row()?.egress ?? [],
          secrets: () => row()?.secrets ?? [],
          tell: ({ topic, body }) =>
            outbox.event(topic, { tenant, pid }, { ...body, sandbox: id } as JournalEventBodies[typeof topic]),
        })
      : undefined;
    try {
      return { sandbox: await open(door?.socketPath), door };
    } catch (cause) {
      await door?.[Symbol.asyncDispose]();
      throw cause;
    }
  }

  #drop(kept: Kept): Promise<void> {
    if (this.#kept.get(kept.id) !== kept) return Promise.resolve();
    this.#kept.delete(kept.id);
    if (kept.row) this.#parts.mailbox.discard(kept.row);
    const leaving = this.#end(kept).finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
    return leaving;
  }

  async #end({ id, driver, opening }: Kept): Promise<void> {
    const opened = await opening?.catch(() => undefined);
    const left = opening === undefined ? this.#choice.named(driver) : undefined;
    // What cannot be removed now is nobody's any more: the next kernel removes it.
    await (opened ? opened.sandbox.delete() : left ? removeLeft(left, id) : Promise.resolve()).catch(() => undefined);
    await opened?.door?.[Symbol.asyncDispose]();
  }
}

async function removeLeft(driver: SandboxDriver, id: string): Promise<void> {
  await (await driver.attach(id))?.delete();
}

/** Nothing weaker than what was asked for; and wasm is asked for by who writes for it. */
const serves = (is: IsolationTier, asked: IsolationTier): boolean =>
  is === asked || (asked !== "wasm" && sandboxRank(is) >= sandboxRank(asked));

const absent = (id: string, hint: string): SysError => new SysError("ENOENT", `no sandbox ${id}`, { hint });
