import type { ChatArgs } from "@aiosjs/sdk/protocol";
import { Attempt } from "./attempt.ts";
import type { Submission } from "./submission.ts";
import { placeOf } from "./call-place.ts";
import type { CallRecord } from "./call-record.ts";
import { longestAnswer } from "./clamp.ts";
import { joinableOf } from "./joining.ts";
import type { Lane } from "./lane.ts";
import { promptSize } from "./model-call.ts";
import type { Parts } from "./parts.ts";
import type { Entry } from "./scheduler.ts";
import { urgencyOf } from "./urgency.ts";

/** Makes calls into entries of the run queues; each dispatch is an attempt. */
export class Executor {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Makes the call's entry; `park` sends it on its way. */
  admit(submission: Submission): Entry {
    const { record } = submission;
    const lanes = this.#parts.router.near(record, submission.lanes);
    const isChat = record.name === "llm.chat";
    const size = (record.size ??= promptSize(record.name, record.args));
    const lane = lanes[0] as Lane;
    const { estimator } = this.#parts;
    const inputTokens = estimator.inputTokens(lane.model, size.bytes) + size.tokens;
    const outputTokens = isChat ? this.#outputOf(record, lane) : 0;
    const entry: Entry = {
      record,
      lanes,
      tenant: record.process.tenant,
      pid: record.process.pid,
      program: record.process.root.pid,
      attained: record.process.attained,
      asked: submission.asked,
      ...urgencyOf(record.process, submission.asked),
      arrivedMs: record.queuedAtMs,
      arrival: this.#parts.scheduler.nextArrival(),
      deadlineAtMs: submission.deadlineAtMs,
      demand: { requests: 1, memoryTokens: inputTokens + outputTokens, inputTokens, outputTokens },
      joinable: joinableOf(record),
      tickets: new Map(),
      producedTokens: 0,
      timesMadeWay: 0,
      standby: undefined,
      delay: undefined,
      dispatch: (picked, slot) => void new Attempt(this.#parts, { submission, entry, lane: picked, slot, size }).run(),
    };
    return entry;
  }

  /** What of the token buckets is reserved for an answer: what is expected at the place that asks, or the longest possible. */
  #outputOf(record: CallRecord, { driver, spec }: Lane): number {
    const longest = longestAnswer(record.args as ChatArgs, spec);
    const isMax = "limits" in driver && driver.limits.outputReserve === "max";
    return isMax && longest !== undefined ? longest : this.#parts.estimator.outputTokens(placeOf(record), longest);
  }

  /** To the run queue, or to the side while the process is suspended. */
  park(entry: Entry): void {
    const { process } = entry.record;
    if (process.suspended === undefined) this.#parts.scheduler.enqueue(entry);
    else process.held.set(entry.record, () => this.park(entry));
  }
}
