import type { Manifest, Pid, Signal, TenantId, Transport } from "@aiosjs/sdk/protocol";

export interface ProgramContext {
  readonly pid: Pid;
  readonly tenant: TenantId;
  readonly program: KeptProgram;
  /** The kernel, as this process; calls with a `replayKey` are answered as they were in earlier incarnations. */
  readonly transport: Transport;
  readonly signal: AbortSignal;
  /** Path of the socket of the proxy that is a module's only way out; undefined: there is none. */
  readonly egress?: string | undefined;
  /** Appends to the process's log. */
  print(text: string): void;
  /** The program runs in this process group of the machine: signals to the process reach it. */
  started(group: HostGroup): void;
  /** The program waits for answers, and only an answer can take it further: `isStill` until one is on its way. */
  quiet(isStill: () => boolean): void;
}

/** A program as its process keeps it: whole, so that the next incarnation does not depend on what is on disk then. */
export type KeptProgram =
  | {
      readonly kind: "agent";
      readonly manifest: Manifest;
      readonly task: string;
      /** Instead of the manifest's. */
      readonly modelAsked?: string | undefined;
      /** By what name the policy knows it where its own is a word of the program that started it: it has not that agent's memory. */
      readonly under?: string | undefined;
    }
  /** A module of JavaScript or TypeScript; what the file holds now is what runs. */
  | { readonly kind: "module"; readonly file: string; readonly task: string };

/** A process group of the machine. */
export interface HostGroup {
  readonly hostPid: number;
  readonly hostStartedAt: string;
}

/** Runs programs. Resolves with what the program returned; a rejection is exit code 1, with `isDeath` it was killed. */
export interface ProgramDriver {
  /** @throws SysError ENOENT with the names that exist. */
  find(agent: string): Promise<Manifest>;
  /** Whether modules run in sandboxes. Default: no, they have all rights of this user. */
  readonly isConfining?: boolean;
  run(context: ProgramContext): Promise<unknown>;
}

/** Process groups of the machine: how signals reach commands. */
export interface Host {
  /** Sends to the whole process group; false when it is gone or is not the one that was started at `startedAt`. */
  signal(group: HostGroup, signal: Exclude<Signal, "interrupt"> | "interrupt"): boolean;
  /** `leader`: whether the very process lives, whatever is left of its group. Default: whether anything of the group does. */
  isAlive(group: HostGroup, who?: "leader"): boolean;
  /** Whether a process is `above`, or was started by it or by what is below it; false when either is gone or unknown. */
  isWithin(one: HostGroup, above: HostGroup): boolean;
}
