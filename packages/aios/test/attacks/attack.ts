import type { Answer, Check, Like, ReadAs } from "./files.ts";

export interface Place {
  /** A fresh folder of the process, on the machine. */
  readonly host: string;
  /** The same folder, as the process names it. */
  readonly path: string;
  /** What stands before all paths of the process here. */
  readonly root: string;
  /** The way from the process's own folder to what is outside. */
  readonly up: string;
  /** Where the secrets are. */
  readonly outside: string;
}

export type Try = readonly [like: Like, path: string];

type RacerKind =
  | "folder-link"
  | "deep-folder-link"
  | "file-link"
  | "file-pipe"
  | "file-device"
  | "file-huge"
  | "hard-link"
  | "hard-link-renamed"
  | "link-retargeted"
  | "folder-remade"
  | "temporary-names"
  | "growing"
  | "mounts"
  | "everything";

/** One row of the table. */
export interface Attack {
  readonly name: string;
  /** Whether only the syscalls read such a path: the jail below them takes names, not paths. */
  readonly isOfPaths?: boolean;
  /** What unprotected code looks at before it opens. Default: the text of the path. */
  readonly check?: Check;
  readonly readAs?: ReadAs;
  readonly needs?: "root" | "mount";
  /** Why it counts for nothing that it gets through: it takes rights with which nothing is outside. */
  readonly beyond?: string;
  /** Puts what it needs into the fresh folder. */
  readonly lay?: (place: Place) => void;
  readonly tries: (place: Place) => readonly Try[];
  /** What goes on meanwhile, each in a process of its own. */
  readonly racers?: readonly RacerKind[];
  /** Of the racing attempts, against that of others. Default 1. */
  readonly weight?: number;
  /** How often unprotected code has to be seen to escape. Default 3; less where each time it hangs. */
  readonly enough?: number;
  /** An escape that neither a secret nor a change outside tells of. */
  readonly judge?: (like: Like, answer: Answer, path: string) => string | undefined;
}

/** All that can be done to what is outside, over a path that leads there. */
export const through = (...ways: readonly string[]): Try[] =>
  ways.flatMap((way) => [
    ["read", `${way}/file`],
    ["list", way],
    ["write", `${way}/extra`],
    ["write", `${way}/new/file`],
    ["remove", `${way}/extra`],
  ]);

/** More than a file may have is a file without end. */
const LIMIT_BYTES = 16 * 1024 * 1024;

export function isEndless(_: Like, { is, text }: Answer): string | undefined {
  const sizeBytes = Number(/"sizeBytes":(\d+)\}?$/.exec(text)?.[1]);
  return is === "done" && sizeBytes > LIMIT_BYTES ? `${sizeBytes} bytes were read` : undefined;
}
