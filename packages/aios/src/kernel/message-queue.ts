import { SysError } from "@aiosjs/sdk/protocol";
import type { Label } from "./gate/label.ts";
import type { Pid, TenantId } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import { given, MAX_GIVEN } from "./given.ts";
import type { MessageRow } from "./ports.ts";
import { WaitingLine } from "./waiting-line.ts";

const MAX_QUEUE = 16 * MAX_GIVEN;
/** In all queues of a tenant, and on their way into them. */
const MAX_TENANT = 256 * MAX_GIVEN;

/** A message as its sender gives it. */
export interface Letter {
  readonly from: Pid | null;
  readonly body: unknown;
  readonly atMs: number;
  /** What its sender had seen. */
  readonly label: Label;
}

interface Held {
  readonly row: MessageRow;
  readonly sizeChars: number;
}

/** Characters of messages that all queues of a tenant hold, and that wait for room in one. */
export interface TenantLoad {
  chars: number;
}

interface QueueOptions {
  readonly name: string;
  readonly tenant: TenantId;
  readonly load: TenantLoad;
  /** Messages that it holds; a sender waits while it is full. */
  readonly capacity: number;
  readonly nextSeq: () => number;
  /** Told of a message that nobody will take. */
  readonly discard: (row: MessageRow) => void;
}

/**
 * Messages in the order in which they were sent. A message is sent and taken by the commit of the call that does it: it can be
 * taken when its sender's commit is on disk, and what was taken comes back, to its place, when the taker's commit fails.
 * What is on its way in or out counts as held.
 */
export class MessageQueue {
  readonly #options: QueueOptions;
  /** Those that can be taken, by their seq. */
  readonly #ready: Held[] = [];
  readonly #senders = new WaitingLine<{ readonly sizeChars: number; readonly enter: () => void }, void>();
  readonly #takers = new WaitingLine<CallRecord, MessageRow | undefined>();
  #count = 0;
  #sizeChars = 0;
  #closed: SysError | undefined;
  #isGone = false;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Messages in it, with those on their way in and out. */
  get count(): number {
    return this.#count;
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** A message of an earlier kernel. */
  restore(row: MessageRow): void {
    const held = { row, sizeChars: JSON.stringify(row.body).length };
    this.#hold(held);
    this.#ready.push(held);
  }

  /** Waits for room. @throws SysError E2BIG, EAGAIN when the tenant's messages are too much, and why it was closed. */
  async send(record: CallRecord, letter: Letter, signal: AbortSignal): Promise<void> {
    const { copy: body, sizeChars } = given(letter.body ?? null, "the body");
    const enter = (): void => this.#enter(record, { ...letter, body }, sizeChars);
    if (this.#closed) throw this.#closed;
    signal.throwIfAborted();
    this.#checkLoad(sizeChars);
    if (this.#senders.isEmpty && this.#hasRoom(sizeChars)) return enter();
    const { load } = this.#options;
    load.chars += sizeChars;
    try {
      await this.#senders.wait({ sizeChars, enter }, signal);
    } finally {
      load.chars -= sizeChars;
    }
    record.abort.signal.throwIfAborted();
  }

  /** Undefined: it is closed and empty. */
  async take(record: CallRecord, signal: AbortSignal): Promise<MessageRow | undefined> {
    signal.throwIfAborted();
    if (this.#takers.isEmpty && this.#ready.length > 0) return this.#hand(record);
    if (this.#closed && this.#count === 0) return undefined;
    const row = await this.#takers.wait(record, signal);
    // Cancelled between the two: the call fails, and so what it took goes back.
    record.abort.signal.throwIfAborted();
    return row;
  }

  /** Nothing more is sent; what is in it can be taken. */
  close(reason: SysError): void {
    this.#closed ??= reason;
    this.#senders.refuseAll(this.#closed);
    this.#serve();
  }

  /** Nobody will take anything any more. */
  drop(reason: SysError): void {
    this.#isGone = true;
    this.close(reason);
    for (const held of this.#ready.splice(0)) this.#discard(held);
  }

  #hasRoom(sizeChars: number): boolean {
    return this.#count < this.#options.capacity && (this.#count === 0 || this.#sizeChars + sizeChars <= MAX_QUEUE);
  }

  #enter(record: CallRecord, letter: Letter, sizeChars: number): void {
    const { name, tenant, nextSeq } = this.#options;
    const row: MessageRow = { seq: nextSeq(), tenant, queue: name, ...letter, takenBy: null };
    const held = { row, sizeChars };
    this.#hold(held);
    record.effects.push({ kind: "message", row });
    record.settles.push((isKept) => (isKept ? this.#arrive(held) : this.#leave(held)));
  }

  #hand(record: CallRecord): MessageRow {
    const held = this.#ready.shift() as Held;
    record.effects.push({ kind: "message", row: { ...held.row, takenBy: record.call } });
    record.settles.push((isKept) => (isKept ? this.#leave(held) : this.#arrive(held)));
    return held.row;
  }

  #arrive(held: Held): void {
    if (this.#isGone) return this.#discard(held);
    const place = this.#ready.findLastIndex(({ row }) => row.seq < held.row.seq) + 1;
    this.#ready.splice(place, 0, held);
    this.#serve();
  }

  #checkLoad(sizeChars: number): void {
    const { tenant, load } = this.#options;
    if (load.chars + sizeChars <= MAX_TENANT) return;
    throw new SysError("EAGAIN", `messages of ${load.chars} characters wait unread in tenant ${tenant}`, {
      hint: "its processes take what was sent to them (proc.receive, pipe.read), or end",
    });
  }

  #hold({ sizeChars }: Held): void {
    this.#count++;
    this.#sizeChars += sizeChars;
    this.#options.load.chars += sizeChars;
  }

  #leave({ sizeChars }: Held): void {
    this.#count--;
    this.#sizeChars -= sizeChars;
    this.#options.load.chars -= sizeChars;
    this.#serve();
  }

  #discard(held: Held): void {
    this.#options.discard(held.row);
    this.#leave(held);
  }

  #serve(): void {
    for (let taker = this.#takers.first; taker && this.#ready.length > 0; taker = this.#takers.first)
      this.#takers.serve(this.#hand(taker));
    for (let sender = this.#senders.first; sender && this.#hasRoom(sender.sizeChars); sender = this.#senders.first) {
      sender.enter();
      this.#senders.serve();
    }
    if (this.#closed && this.#count === 0) this.#takers.serveAll(undefined);
  }
}
