import type { TenantId } from "@aiosjs/sdk/protocol";

/** What stands between a program and the machine; each is stronger than the one before it. `wasm` runs no commands of the machine. */
export type IsolationTier = "wasm" | "process" | "container" | "vm" | "remote";

/** Whether a driver can be used on this machine, as seen just now, not as believed. */
export type SandboxProbe =
  | { readonly is: "available"; readonly version: string }
  /** `fix`: the command or the setting that mends it. */
  | { readonly is: "missing"; readonly why: string; readonly fix: string };

/** What is not said is the driver's default, which is never without bound. */
export interface SandboxLimits {
  readonly memoryBytes?: number | undefined;
  /** Processes and threads together. */
  readonly processes?: number | undefined;
  readonly openFiles?: number | undefined;
  /** Of one file. */
  readonly fileBytes?: number | undefined;
  /** What a command prints, both streams together; what is more is read and dropped, and its end says so. */
  readonly outputBytes?: number | undefined;
  /** A command that runs longer is killed with all that it started. */
  readonly wallMs?: number | undefined;
}

/** A folder or file of the machine that is seen inside. */
interface SandboxView {
  readonly from: string;
  /** Absolute, inside; not in the home folder. */
  readonly at: string;
}

interface SandboxForward {
  /** From 1024 on. */
  readonly port: number;
  readonly socket: string;
}

export interface SandboxSpec {
  /** `[a-z0-9]{1,32}`; whatever the driver makes on the machine bears it, so that it is found after a crash. */
  readonly id: string;
  /** Nothing that one tenant has used is handed to another. */
  readonly tenant: TenantId;
  /** Writable inside as the home folder. Default: an empty one, which goes with the sandbox. */
  readonly workspace?: string | undefined;
  /** Where the workspace is seen instead, and where commands begin; the home folder is an empty one then. */
  readonly workspaceAt?: string | undefined;
  /** Below the workspace, read-only inside, and not to be made where they are absent: `.git/hooks`, `.env`. */
  readonly guarded?: readonly string[] | undefined;
  /** Read-only. */
  readonly views?: readonly SandboxView[] | undefined;
  /** Folders and files of the machine that something empty stands for inside, whatever else shows them. What is absent is passed over. */
  readonly hidden?: readonly string[] | undefined;
  /** Path of the unix socket of the proxy that is the only way out. Default: there is none. */
  readonly egress?: string | undefined;
  /** Ports of the loopback inside, each of which leads to a unix socket of the machine. */
  readonly forwards?: readonly SandboxForward[] | undefined;
  readonly limits?: SandboxLimits | undefined;
}

export interface SandboxCommand {
  /** The program, found on the path inside, and its arguments. */
  readonly argv: readonly string[];
  /** All that it finds beside PATH, HOME, LANG, the proxy's address, and TMPDIR where it has no /tmp of its own. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Inside. Default: the home folder. */
  readonly folder?: string | undefined;
  /** Default: none, its input is at its end. */
  readonly input?: string | Uint8Array | undefined;
  /** May be tighter than the sandbox's, never wider. */
  readonly limits?: Pick<SandboxLimits, "outputBytes" | "wallMs"> | undefined;
  readonly signal: AbortSignal;
}

/**
 * What a command does; the last event is its end, and the end of all that it started: nothing of it runs on.
 * Leaving (`break`) kills it.
 */
export type SandboxEvent =
  | { readonly type: "output"; readonly stream: "stdout" | "stderr"; readonly bytes: Uint8Array }
  | {
      readonly type: "ended";
      /** As a shell has it (139 for a program that died by SIGSEGV); null: the sandbox killed it. */
      readonly code: number | null;
      /** Null unless `code` is. */
      readonly signal: string | null;
      /** Which of its bounds killed it. */
      readonly exceeded?: "wallMs" | "memoryBytes" | undefined;
      /** Bytes that it printed beyond what it may. */
      readonly droppedBytes: number;
    };

export interface SandboxStats {
  readonly processes: number;
  readonly memoryBytes: number;
  /** Of what it has written. */
  readonly diskBytes: number;
}

/** One sandbox. Its owner disposes of it by `delete`; what the kernel has lost hold of is found by `SandboxDriver.list`. */
export interface Sandbox {
  readonly id: string;
  readonly tenant: TenantId;
  /** Path of its home folder, inside. */
  readonly home: string;
  /**
   * Runs a command. Of what it writes only the home folder is sure to be there for the next one.
   * @throws SysError ENOENT there is no such program, EINVAL, ECANCELED, ESTALE it was deleted.
   */
  exec(command: SandboxCommand): AsyncIterable<SandboxEvent>;
  /**
   * Paths are relative to the home folder, and stay below it whatever links stand there. Folders on the way are made.
   * @throws SysError EINVAL the path leads out or there is a folder, EPOLICY it is guarded.
   */
  upload(path: string, bytes: Uint8Array): Promise<void>;
  /** @throws SysError ENOENT, EINVAL the path leads out or it is no file, E2BIG beyond `maxBytes`. */
  download(path: string, options: { maxBytes: number }): Promise<Uint8Array>;
  /**
   * Keeps the home folder as it is, under a name that the driver makes.
   * @throws SysError EBUSY while a command runs.
   */
  snapshot(): Promise<string>;
  /** @throws SysError ENOENT, EBUSY while a command runs. */
  revert(snapshot: string): Promise<void>;
  stats(): Promise<SandboxStats>;
  /** Kills what runs. What is in the home folder stays. */
  stop(): Promise<void>;
  /** With all that it wrote, except in a workspace that was given. Twice is once. */
  delete(): Promise<void>;
  /** Stops everything in it where it stands, and lets it go on. */
  readonly pause?: (() => Promise<void>) | undefined;
  readonly resume?: (() => Promise<void>) | undefined;
  /** Another with the same content. */
  readonly fork?: ((id: string) => Promise<Sandbox>) | undefined;
  /** Where a port inside is reached from the machine. */
  readonly endpoint?: ((port: number) => Promise<string>) | undefined;
  /** For what speaks to its parent over handles of its own: how to start it so that it runs in here. */
  readonly wrap?:
    | ((
        command: Pick<SandboxCommand, "argv" | "environment" | "folder">,
        /** Default 3: what lies below it is standard input, output and error. */
        options?: { readonly firstHandle?: number | undefined },
      ) => WrappedCommand)
    | undefined;
}

/**
 * To be spawned by whoever keeps the process, in a session of its own (`detached`) and with this environment alone;
 * `handles` are opened for this one start, and disposing of this closes them, once it was spawned.
 * Killing what was spawned kills all that runs in it; HUP, INT, QUIT and TERM to its process group reach the program inside.
 */
export interface WrappedCommand extends Disposable {
  readonly file: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What the child must find at these numbers, from `firstHandle` on, ascending; numbers between them are left empty. */
  readonly handles: readonly { readonly at: number; readonly handle: number }[];
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Of what was spawned: calls `kill` once when it holds more memory than it may, all its processes together. */
  watch(hostPid: number, kill: () => void): Disposable;
}

/** Isolation by one means. One conformance suite holds for all that claim `process` or stronger. */
export interface SandboxDriver {
  readonly name: string;
  readonly tier: IsolationTier;
  probe(): Promise<SandboxProbe>;
  /** @throws SysError ENOSYS with the reason where it cannot be used here, or not as is asked; never weaker isolation instead. */
  create(spec: SandboxSpec): Promise<Sandbox>;
  /** One that an earlier kernel made; undefined: there is none. */
  attach(id: string): Promise<Sandbox | undefined>;
  /** All of this home's on this machine, whoever made them. */
  list(): Promise<readonly { readonly id: string; readonly tenant: TenantId }[]>;
}
