import { asCallId, SysError } from "@aiosjs/sdk/protocol";
import type { TenantId } from "@aiosjs/sdk/protocol";
import { MessageQueue } from "./message-queue.ts";
import type { TenantLoad } from "./message-queue.ts";
import type { Outbox } from "./outbox.ts";
import type { JournalImage, MessageRow } from "./ports.ts";
import type { Process } from "./process.ts";

/** Messages that wait in an inbox; a sender waits while there are so many. */
const INBOX = 1_000;

/** Stands where a taker's call stands, for messages that nobody will take: their reader is gone. */
const NOBODY = asCallId("nobody");

/** All queues of messages by name: inboxes (`inbox:PID`), pipes (`pipe:ID`), sleepers (`sleep:CALL`). */
export class Mailbox {
  readonly #queues = new Map<string, MessageQueue>();
  /** Of the last kernel, by queue, until somebody asks for the queue. */
  readonly #left: Map<string, MessageRow[]>;
  readonly #loads = new Map<TenantId, TenantLoad>();
  readonly #outbox: Outbox;
  #seq: number;

  constructor(outbox: Outbox, image: Pick<JournalImage, "messages" | "lastMessageSeq">) {
    this.#outbox = outbox;
    this.#seq = image.lastMessageSeq;
    this.#left = Map.groupBy(image.messages, ({ queue }) => queue);
  }

  nextSeq(): number {
    return ++this.#seq;
  }

  inbox({ pid, tenant }: Process): MessageQueue {
    return this.queue(`inbox:${pid}`, { tenant, capacity: INBOX });
  }

  queue(name: string, { tenant, capacity }: { tenant: TenantId; capacity: number }): MessageQueue {
    const known = this.#queues.get(name);
    if (known) return known;
    const queue = new MessageQueue({
      name,
      tenant,
      load: this.#loadOf(tenant),
      capacity,
      nextSeq: () => this.nextSeq(),
      discard: (row) => this.discard(row),
    });
    for (const row of this.#left.get(name) ?? []) queue.restore(row);
    this.#left.delete(name);
    this.#queues.set(name, queue);
    return queue;
  }

  #loadOf(tenant: TenantId): TenantLoad {
    const load = this.#loads.get(tenant) ?? { chars: 0 };
    this.#loads.set(tenant, load);
    return load;
  }

  /** The rows that the last kernel left in a queue that is none of its own kind. */
  takeLeft(name: string): readonly MessageRow[] {
    const rows = this.#left.get(name) ?? [];
    this.#left.delete(name);
    return rows;
  }

  /** The queue's reader is gone for ever, and with it what is in the queue. */
  drop(name: string, reason: SysError): void {
    this.#queues.get(name)?.drop(reason);
    this.#queues.delete(name);
    for (const row of this.takeLeft(name)) this.discard(row);
  }

  ended({ pid }: Process): void {
    this.drop(`inbox:${pid}`, new SysError("ESRCH", `process ${pid} has ended: nobody reads its inbox`));
  }

  discard(row: MessageRow): void {
    this.note({ ...row, takenBy: NOBODY });
  }

  note(row: MessageRow): void {
    this.#outbox.note({ kind: "message", row });
  }
}
