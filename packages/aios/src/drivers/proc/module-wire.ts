import type { Problem, SysEvent } from "@aiosjs/sdk/protocol";

// What a module's process and its kernel say to each other: one channel, so that answers arrive in the order in which they
// were given.

interface CallOptions {
  readonly nice?: number;
  readonly class?: "interactive" | "batch";
  readonly deadlineMs?: number;
  readonly replayKey?: string;
}

export type FromModule =
  | {
      readonly is: "call";
      readonly id: number;
      readonly name: string;
      readonly args: unknown;
      readonly options: CallOptions;
    }
  | { readonly is: "left"; readonly id: number }
  /** It waits for nothing but answers; so many messages have reached it. */
  | { readonly is: "quiet"; readonly heard: number }
  | { readonly is: "returned"; readonly result: unknown }
  | { readonly is: "threw"; readonly problem: Problem | null; readonly message: string };

export type ToModule =
  | { readonly is: "begin"; readonly file: string; readonly task: string }
  | { readonly is: "events"; readonly id: number; readonly events: readonly SysEvent[] };
