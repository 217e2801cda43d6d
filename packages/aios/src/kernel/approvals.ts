import { SysError } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import { callRow } from "./call-row.ts";
import type { Outbox } from "./outbox.ts";
import type { ApprovalRow, Clock, Random } from "./ports.ts";

/** What a person says to a question. `result`: what the call has returned, where that is known. */
export interface ApprovalAnswer {
  readonly isApproved: boolean;
  readonly result?: unknown;
}

interface Open {
  row: ApprovalRow;
  /** Absent until the program that waits for it runs again. */
  asker: PromiseWithResolvers<ApprovalAnswer> | undefined;
}

/** Questions to a person that calls wait for. They outlive the kernel, as the calls do. */
export class Approvals {
  readonly #open = new Map<string, Open>();
  readonly #parts: { outbox: Outbox; clock: Clock; random: Random };

  constructor(parts: { outbox: Outbox; clock: Clock; random: Random }) {
    this.#parts = parts;
  }

  restore(rows: readonly ApprovalRow[]): void {
    for (const row of rows) this.#open.set(row.id, { row, asker: undefined });
  }

  list(): ApprovalRow[] {
    return [...this.#open.values()].map(({ row }) => row);
  }

  find(id: string): ApprovalRow | undefined {
    return this.#open.get(id)?.row;
  }

  /** The question about this call, if it waits for an answer. */
  of(call: string): ApprovalRow | undefined {
    return this.list().find((row) => row.call === call);
  }

  /** Asks, or goes on asking what an earlier incarnation asked. Rejects when the call is cancelled: nobody needs the answer then. */
  async ask(record: CallRecord, about: { kind: string; question: string }): Promise<ApprovalAnswer> {
    const open = this.#openOf(record) ?? (await this.#put(record, about));
    open.asker = Promise.withResolvers<ApprovalAnswer>();
    const { asker } = open;
    const { process, abort } = record;
    const { signal } = abort;
    const { id } = open.row;
    process.asks.add(id);
    const leave = (): void => {
      asker.reject(signal.reason);
      open.asker = undefined;
      if (!record.isLeft) this.#close(open, withdrawn);
    };
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
    try {
      return await asker.promise;
    } finally {
      signal.removeEventListener("abort", leave);
      process.asks.delete(id);
    }
  }

  /** The process has ended: nobody needs the answers to what it asked. */
  withdraw({ pid }: Pick<ApprovalRow, "pid">): void {
    for (const open of this.#open.values()) if (open.row.pid === pid && !open.asker) this.#close(open, withdrawn);
  }

  #openOf({ call }: CallRecord): Open | undefined {
    return [...this.#open.values()].find(({ row }) => row.call === call);
  }

  async #put(record: CallRecord, { kind, question }: { kind: string; question: string }): Promise<Open> {
    const { outbox, clock, random } = this.#parts;
    const { process, call } = record;
    const row: ApprovalRow = {
      id: `a${random.text(7)}`,
      tenant: process.tenant,
      pid: process.pid,
      call,
      kind,
      question,
      state: "pending",
      answer: null,
      askedAtMs: clock.nowMs(),
      answeredAtMs: null,
    };
    const open: Open = { row, asker: undefined };
    this.#open.set(row.id, open);
    await outbox.commitPatiently(
      { kind: "call", row: callRow(record, "ambiguous") },
      { kind: "approval", row },
      outbox.eventRecord("approval.asked", process, { approval: row.id, call, question }),
    );
    return open;
  }

  /**
   * The call that waits goes on; one whose program does not run yet, when it does.
   * @throws SysError ENOENT when there is no such question, or it has been answered.
   */
  answer(id: string, answer: ApprovalAnswer): ApprovalRow {
    const open = this.#open.get(id);
    if (!open)
      throw new SysError("ENOENT", `no question ${id} waits for an answer`, { hint: "`aios approve ls` lists them" });
    if (!open.asker)
      throw new SysError("EBUSY", `process ${open.row.pid} does not run just now`, {
        hint: `it is being started again; where it is suspended: aios resume ${open.row.pid}`,
      });
    this.#close(open, { state: answer.isApproved ? "approved" : "denied", answer });
    open.asker.resolve(answer);
    return open.row;
  }

  #close(open: Open, { state, answer }: Pick<ApprovalRow, "state" | "answer">): void {
    const { outbox, clock } = this.#parts;
    // Cancelled in the instant of its answer.
    if (!this.#open.delete(open.row.id)) return;
    open.row = { ...open.row, state, answer, answeredAtMs: clock.nowMs() };
    outbox.note(
      { kind: "approval", row: open.row },
      outbox.eventRecord("approval.answered", open.row, { approval: open.row.id, call: open.row.call, state }),
    );
  }
}

const withdrawn = { state: "denied" as const, answer: { isWithdrawn: true } };
