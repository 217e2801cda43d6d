import type { HomeBounds } from "./home-files.ts";

/** What a command's thread is given. Nothing of the kernel's: no environment, no handle, no path but the library's. */
export interface Setup extends HomeBounds {
  /** URL of the library. */
  readonly library: string;
  readonly code: string;
  /** As errors name it. */
  readonly name: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly input: string;
  /** Where relative paths begin. */
  readonly folder: string;
  /** The home folder's files by their path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly memoryBytes: number;
  readonly outputBytes: number;
}

export type Report =
  | { readonly is: "output"; readonly stream: "stdout" | "stderr"; readonly bytes: Uint8Array }
  | {
      readonly is: "ended";
      readonly code: number;
      readonly isOutOfMemory: boolean;
      readonly droppedBytes: number;
      /** Files that it wrote; undefined: removed. */
      readonly changed: ReadonlyMap<string, Uint8Array | undefined>;
    };
