import type { Readable } from "node:stream";
import type { SandboxCommand } from "../../../kernel/ports.ts";
import type { Bounds } from "./limits.ts";

/** What a cell is told. */
export interface Told extends Pick<SandboxCommand, "argv" | "environment" | "folder" | "input"> {
  readonly bounds: Bounds;
}

/** One command in a cell. */
export interface Turn {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Undefined until it is known, and sees the sandbox and nothing else. */
  readonly firstProcess: () => number | undefined;
  /** With all that it started. Of no effect once it has ended. */
  kill(): void;
  /** Nothing that it started lives any more. */
  readonly ended: Promise<TurnEnd>;
}

export interface TurnEnd {
  /** Null: what holds the command was killed. */
  readonly code: number | null;
  readonly wasKilled: boolean;
  /** What kept the program from being started. */
  readonly fault: string;
  /** Undefined: it came to the command. Else what was said on the way there. */
  readonly failure?: string | undefined;
}

/** One bubblewrap, and the command in it. */
export interface Cell {
  readonly firstProcess: () => number | undefined;
  /** Hands it a command to run; only while it `isUsable`. */
  tell(told: Told): Turn;
  kill(): void;
  /** Nothing of it lives any more. Never fails. */
  readonly ended: Promise<void>;
  /** After a command: whether it is, or soon is, one that waits for the next. */
  readonly mayBeKept: () => boolean;
  /** It is known whether it can be told another command. */
  settled(): Promise<void>;
  /** All is mounted: what was shown to it may bear another name from now on. */
  readonly isMounted: () => boolean;
  /** It can be told a command, and what was mounted for it is in place. */
  readonly isUsable: () => boolean;
}
