import type { Topic } from "@aiosjs/sdk/protocol";
import type { Journal } from "../../kernel/ports.ts";
import type { JournalSize, Pruned } from "./wire.ts";

/** Events that are kept, however old, while a subscription of their tenant has not acknowledged them. */
export const subscribed: readonly Topic[] = ["topic.published", "topic.subscribed", "subscriber.failed", "topic.dead"];

/** How much of the past is kept: `journal.keepDays`, `journal.keepMb` and `files.keepDays` of the configuration. */
export interface Retention {
  /** Ended calls, events and zombies older than this are forgotten. */
  readonly keepDays: number;
  /**
   * Of files those versions that were no longer there so long ago, what had been removed by then, and contents that no version
   * and no call has any more, the next time: `files.keepDays`. Default: as `keepDays`.
   */
  readonly keepFileDays?: number | undefined;
  /** Beyond this size, without the contents of files, the oldest calls lose their results, then their requests, then go; Infinity keeps all. */
  readonly keepMb: number;
}

/** A journal that can forget. What a call lost reads as `undefined`; usage, timing and errors stay with its row. */
export interface RetentiveJournal extends Journal {
  /** Commits go between its slices. */
  prune(retention: Retention): Promise<Pruned>;
  size(): Promise<JournalSize>;
  /** Signs the audit log with the home's key, if something in it is new. Nothing happens where nobody has one. */
  signAudit(): Promise<void>;
}
