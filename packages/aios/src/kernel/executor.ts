import type { ChatArgs } from "@aiosjs/sdk/protocol";
import { Attempt, placeOf } from "./attempt.ts";
import type { Submission } from "./attempt.ts";
import { promptBytes } from "./estimate.ts";
import type { Lane } from "./lane.ts";
import type { Parts } from "./parts.ts";
import type { Entry } from "./scheduler.ts";

/** Makes calls into entries of the run queues; each dispatch is an attempt. */
export class Executor {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Makes the call's entry; `park` sends it on its way. */
  admit(submission: Submission): Entry {
    const { record, lanes } = submission;
    const isChat = record.name === "llm.chat";
    const bytes = isChat ? promptBytes(record.args as ChatArgs) : 0;
    const lane = lanes[0] as Lane;
    const entry: Entry = {
      record,
      lanes,
      tenant: record.process.tenant,
      pid: record.process.pid,
      program: record.process.root.pid,
      nice: submission.nice,
      class: submission.class,
      arrivedMs: record.queuedAtMs,
      arrival: this.#parts.scheduler.nextArrival(),
      deadlineAtMs: submission.deadlineAtMs,
      demand: isChat
        ? {
            requests: 1,
            inputTokens: this.#parts.estimator.inputTokens(lane.model, bytes),
            outputTokens: this.#parts.estimator.outputTokens(placeOf(record), (record.args as ChatArgs).maxTokens),
          }
        : { requests: 1, inputTokens: 0, outputTokens: 0 },
      tickets: new Map(),
      delay: undefined,
      dispatch: (picked, slot) => void new Attempt(this.#parts, { submission, entry, lane: picked, slot, bytes }).run(),
    };
    return entry;
  }

  /** To the run queue, or to the side while the process is suspended. */
  park(entry: Entry): void {
    const { process } = entry.record;
    if (process.suspended === undefined) this.#parts.scheduler.enqueue(entry);
    else process.held.set(entry.record, () => this.park(entry));
  }
}
