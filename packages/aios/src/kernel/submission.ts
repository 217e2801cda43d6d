import type { SysError, Usage } from "@aiosjs/sdk/protocol";
import type { Account } from "./budget.ts";
import type { CallRecord } from "./call-record.ts";
import type { Lane } from "./lane.ts";
import type { Asked } from "./urgency.ts";

/** What a call leaves behind: told once, whatever happened. */
export type Outcome = { result: unknown; usage: Usage } | { error: SysError; usage: Usage };

/** An admitted call, as its attempts see it. */
export interface Submission {
  readonly record: CallRecord;
  readonly lanes: readonly Lane[];
  readonly accounts: readonly Account[];
  readonly asked: Asked;
  readonly deadlineAtMs: number;
  nested(name: string, args: unknown): Promise<unknown>;
  /** Called exactly once. */
  finish(outcome: Outcome): void;
  /** A budget does not buy the next attempt: true when the process was suspended and the call shall wait. */
  onSpent(error: SysError): boolean;
}
