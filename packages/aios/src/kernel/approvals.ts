import { SysError } from "@aiosjs/sdk/protocol";
import type { KeyId } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import { callRow } from "./call-row.ts";
import type { Outbox } from "./outbox.ts";
import type { ApprovalRow, Clock, Random } from "./ports.ts";

/** What a person says to a question. `result`: what the call has returned, where that is known. */
export interface ApprovalAnswer {
  readonly isApproved: boolean;
  readonly result?: unknown;
}

type About = Pick<ApprovalRow, "kind" | "question" | "about">;

interface Open {
  row: ApprovalRow;
  /** Absent until the program that waits for it runs again. */
  asker: PromiseWithResolvers<ApprovalAnswer> | undefined;
}

/**
 * Questions to a person that calls wait for, for days if need be. They outlive the kernel, as the calls do; so does an answer
 * that is given while nobody waits for it.
 */
export class Approvals {
  /** By call and kind: pending ones, and answered ones until their call has ended. */
  readonly #open = new Map<string, Open>();
  readonly #parts: { outbox: Outbox; clock: Clock; random: Random };

  constructor(parts: { outbox: Outbox; clock: Clock; random: Random }) {
    this.#parts = parts;
  }

  restore(rows: readonly ApprovalRow[]): void {
    for (const row of rows) this.#open.set(placeOf(row), { row, asker: undefined });
  }

  /** Those that wait for an answer. */
  list(): ApprovalRow[] {
    return [...this.#open.values()].flatMap(({ row }) => (row.state === "pending" ? [row] : []));
  }

  find(id: string): ApprovalRow | undefined {
    return this.list().find((row) => row.id === id);
  }

  /** The question about this call, if it waits for an answer. */
  of(call: string): ApprovalRow | undefined {
    return this.list().find((row) => row.call === call);
  }

  /**
   * Asks, or goes on asking what an earlier incarnation asked, or has been answered meanwhile. Rejects when the call is
   * cancelled: nobody needs the answer then.
   */
  async ask(record: CallRecord, about: About): Promise<ApprovalAnswer> {
    const open = this.#openOf(record, about) ?? (await this.#put(record, about));
    const { id, state, answer } = open.row;
    if (state !== "pending") return this.#heard(open, answer as ApprovalAnswer);
    open.asker = Promise.withResolvers<ApprovalAnswer>();
    const { asker } = open;
    const { process, abort } = record;
    const { signal } = abort;
    process.asks.add(id);
    record.push([{ type: "syscall.asked", approval: id }]);
    const leave = (): void => {
      asker.reject(signal.reason);
      open.asker = undefined;
      if (!record.isLeft) this.#withdraw(open);
    };
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
    try {
      return this.#heard(open, await asker.promise);
    } finally {
      signal.removeEventListener("abort", leave);
      process.asks.delete(id);
      // Its calls waited for a person, and not for a device: their time begins anew.
      process.resumedAtMs = this.#parts.clock.nowMs();
    }
  }

  /** Leave is good for the call, however often it is cut off; that it may be made again, for one making. */
  #heard(open: Open, answer: ApprovalAnswer): ApprovalAnswer {
    if (open.row.kind === "ambiguous") this.#open.delete(placeOf(open.row));
    return answer;
  }

  /** The process has ended: nobody needs the answers to what it asked. */
  withdraw({ pid }: Pick<ApprovalRow, "pid">): void {
    for (const open of this.#open.values()) if (open.row.pid === pid && !open.asker) this.#withdraw(open);
  }

  /** The call has ended: nobody asks about it again. */
  ended({ call }: Pick<ApprovalRow, "call">): void {
    if (this.#open.size === 0) return;
    for (const kind of ["gate", "ambiguous"] as const) {
      const open = this.#open.get(placeOf({ call, kind }));
      if (open) this.#withdraw(open);
    }
  }

  /** An answer is good for the arguments that were shown: with others the call is another one. */
  #openOf({ call }: CallRecord, { kind, about }: About): Open | undefined {
    const open = this.#open.get(placeOf({ call, kind }));
    if (open?.row.about?.argsHash === about?.argsHash) return open;
    if (open) this.#withdraw(open);
    return undefined;
  }

  async #put(record: CallRecord, { kind, question, about }: About): Promise<Open> {
    const { outbox, clock, random } = this.#parts;
    const { process, call } = record;
    const row: ApprovalRow = {
      id: `a${random.text(7)}`,
      tenant: process.tenant,
      pid: process.pid,
      call,
      kind,
      question,
      about,
      state: "pending",
      answer: null,
      answeredBy: null,
      askedAtMs: clock.nowMs(),
      answeredAtMs: null,
    };
    const open: Open = { row, asker: undefined };
    this.#open.set(placeOf(row), open);
    const state = kind === "gate" ? "asked" : "ambiguous";
    const asked = outbox.eventRecord("approval.asked", process, { approval: row.id, call, question });
    const records = [{ kind: "call", row: callRow(record, state) }, { kind: "approval", row }, asked] as const;
    record.isIntended = true;
    try {
      await (process.isReplayed ? outbox.commitPatiently(...records) : outbox.commit(...records));
    } catch (cause) {
      this.#open.delete(placeOf(row));
      throw cause;
    }
    return open;
  }

  /**
   * The call that waits goes on; one whose program does not run just now, when it does.
   * @throws SysError ENOENT when there is no such question, or it has been answered.
   */
  answer(id: string, answer: ApprovalAnswer, by: KeyId): void {
    const open = [...this.#open.values()].find(({ row }) => row.id === id && row.state === "pending");
    if (!open)
      throw new SysError("ENOENT", `no question ${id} waits for an answer`, { hint: "`aios approve ls` lists them" });
    this.#close(open, { state: answer.isApproved ? "approved" : "denied", answer, answeredBy: by });
    open.asker?.resolve(answer);
    open.asker = undefined;
  }

  #withdraw(open: Open): void {
    this.#open.delete(placeOf(open.row));
    if (open.row.state === "pending") this.#close(open, withdrawn);
  }

  #close(open: Open, said: Pick<ApprovalRow, "state" | "answer" | "answeredBy">): void {
    const { outbox, clock } = this.#parts;
    open.row = { ...open.row, ...said, answeredAtMs: clock.nowMs() };
    const { id: approval, call, state, answeredBy: by } = open.row;
    outbox.note(
      { kind: "approval", row: open.row },
      outbox.eventRecord("approval.answered", open.row, { approval, call, state, by }),
    );
  }
}

const placeOf = ({ call, kind }: Pick<ApprovalRow, "call" | "kind">): string => `${call} ${kind}`;

const withdrawn = { state: "denied" as const, answer: { isWithdrawn: true }, answeredBy: null };
