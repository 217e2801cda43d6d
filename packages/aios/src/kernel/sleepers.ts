import { SysError } from "@aiosjs/sdk/protocol";
import type { CallId, Pid, TenantId } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import { spokenBy } from "./gate/speaker.ts";
import type { Mailbox } from "./mailbox.ts";
import type { MessageQueue } from "./message-queue.ts";
import type { CallRow } from "./ports.ts";
import type { Process } from "./process.ts";

interface Sleeper {
  readonly call: CallId;
  readonly pid: Pid;
  readonly tenant: TenantId;
  readonly key: string;
}

/** Who sleeps on a key. Being woken is a message: a sleeper that a restart cut off finds it when its call is made again. */
export class Sleepers {
  readonly #sleepers = new Map<CallId, Sleeper>();
  readonly #mailbox: Mailbox;

  constructor(mailbox: Mailbox, intents: readonly CallRow[]) {
    this.#mailbox = mailbox;
    // Those that no program makes again have failed with the last kernel.
    for (const { call, pid, tenant, name, replayKey, request } of intents) {
      const { key } = (name === "proc.sleep" ? request : {}) as { key?: string };
      if (key === undefined) continue;
      if (replayKey !== null) this.#sleepers.set(call, { call, pid, tenant, key });
      else this.#wakeUp(call);
    }
  }

  /** The queue that says who woke it. */
  lieDown({ call, process }: CallRecord, key: string): MessageQueue {
    const { pid, tenant } = process;
    this.#sleepers.set(call, { call, pid, tenant, key });
    return this.#bed({ call, tenant });
  }

  /** The call has ended; if the kernel stops, it has not. */
  getUp({ call, isLeft }: CallRecord): void {
    if (isLeft) return;
    this.#sleepers.delete(call);
    this.#wakeUp(call);
  }

  on(tenant: TenantId, key: string): Sleeper[] {
    return [...this.#sleepers.values()].filter((one) => one.tenant === tenant && one.key === key);
  }

  /** Undefined when somebody else is waking it. */
  wake(record: CallRecord, sleeper: Sleeper, value: unknown): Promise<void> | undefined {
    const queue = this.#bed(sleeper);
    if (queue.count > 0) return undefined;
    const atMs = record.queuedAtMs;
    const letter = { from: record.process.pid, body: value, atMs, label: spokenBy(record.process) };
    return queue.send(record, letter, record.abort.signal);
  }

  ended({ pid }: Process): void {
    for (const { call, pid: owner } of this.#sleepers.values()) {
      if (owner !== pid) continue;
      this.#sleepers.delete(call);
      this.#wakeUp(call);
    }
  }

  #bed({ call, tenant }: { call: CallId; tenant: TenantId }): MessageQueue {
    return this.#mailbox.queue(`sleep:${call}`, { tenant, capacity: 1 });
  }

  #wakeUp(call: CallId): void {
    this.#mailbox.drop(`sleep:${call}`, new SysError("ESRCH", `call ${call} does not sleep any more`));
  }
}
