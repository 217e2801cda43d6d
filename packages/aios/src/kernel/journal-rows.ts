import type {
  CallId,
  Exit,
  GroupMember,
  KeyId,
  Limit,
  OnExhausted,
  Pid,
  Problem,
  SchedulingClass,
  TenantId,
  Timing,
  Usage,
} from "@aiosjs/sdk/protocol";
import type { BucketName } from "./ports.ts";
import type { Label } from "./gate/label.ts";
import type { GateQuestion, Judgement } from "./gate/verdict.ts";

export interface ProcessRow {
  readonly pid: Pid;
  readonly tenant: TenantId;
  readonly parent: Pid | null;
  readonly name: string;
  readonly kind: "agent" | "module" | "command" | "client" | "kernel";
  readonly state: "live" | "suspended" | "zombie";
  readonly nice: number;
  readonly class: SchedulingClass;
  readonly capabilities: readonly string[];
  readonly limits: readonly Limit[];
  readonly usage: Usage;
  readonly counts: {
    done: number;
    failed: number;
    toolCalls: number;
    waitingMs: number;
    seq: number;
  };
  /** Program and task of an agent, command line of a command, identity of a client. */
  readonly program: unknown;
  readonly key: KeyId | null;
  readonly host: { hostPid: number; hostStartedAt: string } | null;
  readonly onExhausted: OnExhausted;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly exit: Exit | null;
  /** How many times its program was started, from 1. */
  readonly incarnation: number;
  /** All that it has seen. */
  readonly seen: Label;
  /** What people have told it, and what they had told who started it. */
  readonly userTexts: readonly string[];
}

export interface CallRow {
  readonly call: CallId;
  readonly tenant: TenantId;
  readonly pid: Pid;
  /** Order of arrival within the process, from 1. */
  readonly seq: number;
  readonly name: string;
  readonly device: string;
  /**
   * `ambiguous`: it was issued, and nobody knows whether it happened; a person is asked. `undone`: its process was taken back
   * to an earlier call; whether it had failed, `error` says. `asked`: it has not been made, and waits for a person's leave.
   */
  readonly state: "intent" | "done" | "failed" | "ambiguous" | "undone" | "asked";
  /** Arguments; `messages` of a chat are stored one blob each, shared between calls. `undefined` leaves a stored one as it is. */
  readonly request: unknown;
  /**
   * What `request.content` says is this content of a file, whole and in UTF-8, which comes in the same commit or is kept: a
   * journal may keep it once. Reading a call gives `request` as it was, and not this.
   */
  readonly requestContent?: string | undefined;
  readonly result: unknown;
  readonly error: Problem | null;
  readonly usage: Usage;
  readonly timing: Timing;
  /** The start of its program, from 1, that made it, or was told its recorded answer last. */
  readonly incarnation: number;
  /** Its place in a program that is replayed: `lane#n`. Null for programs that are not. */
  readonly replayKey: string | null;
  /** SHA-256 of what it means; null where nothing is compared. */
  readonly requestHash: string | null;
  /** What its client repeats it under. */
  readonly idempotencyKey: string | null;
  /** The how-manieth call of its process to end, from 1; null while it has not. */
  readonly completion: number | null;
  /** When the first piece of its answer came. */
  readonly firstOutputAtMs: number | null;
  /** What its process had seen when it passed the gate; null: it passed none. */
  readonly context: Label | null;
  /** What the policy said of it then; null: it was not asked, or that is from before it was kept. */
  readonly judgement: Judgement | null;
}

/** A message in a queue: a process's inbox (`inbox:PID`), a pipe. */
export interface MessageRow {
  /** Order in which messages were sent, over all queues. */
  readonly seq: number;
  readonly tenant: TenantId;
  readonly queue: string;
  readonly from: Pid | null;
  readonly body: unknown;
  readonly atMs: number;
  /** The call that took it; null while it waits. */
  readonly takenBy: CallId | null;
  /** What its sender had seen. */
  readonly label: Label;
}

/** A question to a person. */
export interface ApprovalRow {
  readonly id: string;
  readonly tenant: TenantId;
  readonly pid: Pid;
  readonly call: CallId;
  /** What is asked: `ambiguous` – it may have happened already; `gate` – it may be made. */
  readonly kind: "ambiguous" | "gate";
  readonly question: string;
  readonly state: "pending" | "approved" | "denied";
  readonly answer: unknown;
  /** The key by which it was answered; null: nobody has, or nobody needs it any more. */
  readonly answeredBy: KeyId | null;
  /** Of `gate`: what the kernel knows of the call, and the SHA-256 of its arguments, which alone an answer is good for. */
  readonly about: GateQuestion | null;
  readonly askedAtMs: number;
  readonly answeredAtMs: number | null;
}

/** How far a subscriber of topics has come. */
export interface CursorRow {
  readonly tenant: TenantId;
  readonly name: string;
  readonly pid: Pid | null;
  /** Topics it reads, as `orders.*`. */
  readonly pattern: string;
  /** The last event that it acknowledged. */
  readonly position: number;
  readonly atMs: number;
  readonly isRemoved: boolean;
}

/** A program that is started again and again. */
export interface TimerRow {
  readonly id: string;
  readonly tenant: TenantId;
  readonly key: KeyId;
  /** Cron expression of five fields, or `@every 90s`. */
  readonly schedule: string;
  readonly timeZone: string;
  /** Its name, the arguments of the `proc.spawn` that it makes, and what it does while the last one still runs. */
  readonly program: unknown;
  readonly scopes: readonly string[];
  readonly nextAtMs: number | null;
  readonly lastPid: Pid | null;
  readonly createdAtMs: number;
  readonly isRemoved: boolean;
}

/** A value that a program keeps. */
export interface ValueRow {
  readonly tenant: TenantId;
  /** Whose: `process:PID`, or a name that a tenant's processes share. */
  readonly scope: string;
  readonly key: string;
  readonly value: unknown;
  /** Greater with every write of the key. */
  readonly version: number;
  /** What its writer had seen. */
  readonly label: Label;
  readonly atMs: number;
  readonly isRemoved: boolean;
}

/** Processes and agents of a tenant that reach each other's notes by it. */
export interface GroupRow {
  readonly tenant: TenantId;
  readonly name: string;
  readonly members: readonly GroupMember[];
  readonly createdAtMs: number;
  readonly isRemoved: boolean;
}

export interface KeyRow {
  readonly id: KeyId;
  readonly hash: string;
  readonly tenant: TenantId;
  /** Set for a process key. */
  readonly pid: Pid | null;
  readonly scopes: readonly string[];
  readonly limits: readonly Limit[];
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly isRevoked: boolean;
}

/** What a budget's window has used. `scope`: `tenant:x`, `key:x`, `process:x`. */
export interface AccountRow {
  readonly scope: string;
  readonly resource: Limit["resource"];
  readonly window: Limit["window"];
  /** Absent limit: usage is counted only. */
  readonly limit: number | null;
  readonly used: number;
  readonly windowStartedAtMs: number;
}

export interface BucketRow {
  readonly lane: string;
  readonly bucket: BucketName;
  readonly level: number;
  readonly atMs: number;
}
