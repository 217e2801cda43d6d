import type { AccessPolicy } from "./access-policy.ts";
import type { Problem } from "./errors.ts";
import type { Labels } from "./note.ts";
import type { CallId, KeyId, Pid, TenantId } from "./ids.ts";
import type { Timing, Usage } from "./usage.ts";

/** Pieces of a result that a device produces while it works. */
export type DeltaEvent =
  | { type: "text.delta"; text: string }
  | { type: "reasoning.delta"; text: string }
  | { type: "refusal.delta"; text: string }
  /** `id` and `name` come with the first piece of a tool call; `arguments` is JSON text in pieces. */
  | { type: "tool-call.delta"; index: number; id?: string; name?: string; arguments: string }
  /** What a program printed. */
  | { type: "output.delta"; stream: "stdout" | "stderr"; text: string };

/** What the caller of a syscall sees: any number of events, the last of which is `completed` or `failed`. */
export type SysEvent =
  | { type: "syscall.queued"; call: CallId; pid: Pid; name: string; atMs: number }
  /**
   * Dispatched to `device` (for `llm`: core/model). Comes again when an attempt failed and was repeated. `isClamped`: a budget
   * lowered `maxTokens`; `isCached`: `device` answered an equal request earlier, and nobody is asked now; `isRecorded`: nor is
   * anybody where `device` gives answers of a recording; `isReplayed`: a program that was started again is told what it was told.
   */
  | {
      type: "syscall.started";
      device: string;
      waitingMs: number;
      isSimulated?: boolean;
      isClamped?: boolean;
      isCached?: boolean;
      isRecorded?: boolean;
      isReplayed?: boolean;
    }
  /** The upstream refused or broke before any output; the call waits in the run queue again. */
  | { type: "syscall.requeued"; code: string; detail: string; retryAtMs: number }
  /** The core speaks another dialect than the request was made in and left out what changes no answer's meaning. */
  | { type: "request.adapted"; leftOut: string[] }
  /** It waits for a person's leave, or word: the question `approval` (approval.show). */
  | { type: "syscall.asked"; approval: string }
  /** Made way for more urgent work; it waits in the run queue and goes on where it stopped. */
  | { type: "syscall.preempted"; resume: string }
  | DeltaEvent
  | { type: "syscall.completed"; result: unknown; usage: Usage; timing: Timing }
  | { type: "syscall.failed"; error: Problem; usage: Usage; timing: Timing };

export const isTerminal = (event: {
  readonly type: string;
}): event is Extract<SysEvent, { type: "syscall.completed" | "syscall.failed" }> =>
  event.type === "syscall.completed" || event.type === "syscall.failed";

/** What happened, by topic: the bodies of journal events. */
export interface JournalEventBodies {
  "kernel.started": { version: string; wasCrash: boolean };
  "kernel.stopped": { reason: string };
  "config.refreshed": { changed: string[] };
  /** In force from here on, and the SHA-256 of its canonical JSON; null: the one that AIOS ships with. */
  "policy.loaded": { hash: string | null; policy: AccessPolicy | null };
  "process.spawned": { name: string; kind: string; parent: Pid | null };
  "process.signalled": { signal: string; by: Pid | null };
  "process.suspended": { reason: string };
  "process.resumed": { reason: string };
  /** Its program was started again; so many of its calls are on record. */
  "process.restarted": { incarnation: number; calls: number };
  /** Taken back to what it was after call `seq`: so many later calls are undone. */
  "process.rolled-back": { seq: number; calls: number };
  /** Made of another process as that was after call `seq`. */
  "process.forked": { from: Pid; seq: number };
  /** Made of a snapshot of `from`. */
  "process.restored": { from: string; seq: number };
  "process.exited": { code: number | null; signal: string | null; reason: string };
  /** A program shortened what its model reads; `clip` shortened results of tools. */
  "context.compacted": {
    mode: "summary" | "drop" | "clip";
    messages: number;
    beforeTokens: number;
    afterTokens: number;
  };
  "syscall.completed": { call: CallId; name: string; device: string; usage: Usage; timing: Timing };
  "syscall.failed": {
    call: CallId;
    name: string;
    device: string;
    code: string;
    detail: string;
    usage: Usage;
    timing: Timing;
  };
  /** A scope, a capability (EACCES), a rule or a label (EPOLICY) forbids a call that was made with this key. */
  "access.denied": { call: CallId; name: string; code: "EACCES" | "EPOLICY"; detail: string; key: KeyId };
  /** The upstream answered 429, 503 or 529 although the lane's buckets allowed the call. */
  "lane.refused": { lane: string; retryAfterMs: number };
  "lane.learned": { lane: string; limit: string; perMinute: number; burst: number };
  "lane.cooled": { lane: string; untilMs: number; faults: number };
  "lane.recovered": { lane: string };
  "budget.exhausted": { detail: string };
  /** A call waits for what a person says. */
  "approval.asked": { approval: string; call: CallId; question: string };
  "approval.answered": { approval: string; call: CallId; state: string; by: KeyId | null };
  /** For a time a person is asked about what is forbidden a process. */
  "glass.broken": { name: string; untilMs: number; why: string; by: KeyId };
  "timer.added": { timer: string; name: string; schedule: string };
  "timer.removed": { timer: string; name: string; reason: string };
  /** Its key is void: it comes no more. */
  "timer.stopped": { timer: string; name: string; reason: string };
  "timer.fired": { timer: string; name: string; pid: string };
  /** Its time has come while the process of the time before still runs. */
  "timer.skipped": { timer: string; name: string; pid: string };
  /** Its program could not be started; the next time it is tried again. */
  "timer.failed": { timer: string; name: string; code: string; detail: string };
  "debugger.attached": { debugger: string };
  "debugger.detached": { debugger: string };
  /** A held call is made otherwise than its program asked; its row has what is made of it. */
  "debugger.edited": { call: CallId; name: string; asked: unknown };
  /** A held call was not made: a person answered in its device's place, with a failure where there is a code. */
  "debugger.answered": { call: CallId; name: string; code: string | null };
  /** `labels`: of what its publisher had seen; absent: from before there were any. */
  "topic.published": { topic: string; from: Pid | null; body: unknown; labels?: Labels };
  "topic.subscribed": { name: string; pattern: string; position: number };
  "topic.unsubscribed": { name: string };
  /** A subscriber could not work off an event, or ended abnormally while it had it: the how-manieth time. */
  "subscriber.failed": { name: string; seq: number; topic: string; reason: string; failures: number };
  /** An event was set aside for a subscriber that failed at it again and again. */
  "topic.dead": { name: string; seq: number; topic: string; reason: string };
  /**
   * A command in a sandbox, or a call of a tool, reached a host: by which pattern of its agent's egress, or of the address that
   * the gate had let pass. `way`: tunnel, http or fetch.
   */
  "egress.permitted": {
    sandbox?: string;
    call?: CallId;
    way: string;
    host: string;
    port: number;
    address: string;
    pattern: string;
  };
  "egress.refused": {
    sandbox?: string;
    call?: CallId;
    way: string;
    host: string;
    port: number;
    rule: string;
    detail: string;
  };
  /** Permitted, but nothing answered there. */
  "egress.failed": { sandbox?: string; call?: CallId; way: string; host: string; port: number; detail: string };
  "egress.closed": {
    sandbox?: string;
    call?: CallId;
    way: string;
    host: string;
    port: number;
    sentBytes: number;
    receivedBytes: number;
    exceeded?: "bytes" | "idleMs" | undefined;
  };
  "group.created": { group: string };
  /** Who is in it, and how; `access` null: no longer. */
  "group.changed": {
    group: string;
    member: string;
    access: "read" | "write" | null;
    shares: boolean;
    expiresAt: number | null;
  };
  "group.deleted": { group: string };
  /** A long-term note `id` was made of the notes `of`, or is one of them that lasts (`kept`). */
  "note.distilled": { namespace: string; is: "new" | "kept"; id: string; of: string[] };
  /** To make room: they leave the index, and come back when they are read. */
  "note.evicted": { namespace: string; ids: string[]; bytes: number };
  /** What is on record has not come to its place on the disk for half a minute; it is tried on. `waiting`: files of its root. */
  "file.unplaced": { path: string; code: string; detail: string; waiting: number };
  "folder.mounted": { mount: string; folder: string; isReadOnly: boolean };
  "folder.unmounted": { mount: string; folder: string };
  /** What others change in it from here on is noticed when it is looked at. */
  "folder.unwatched": { folder: string; reason: string };
  /** Somebody has opened a link to a file, `times` since it was told last: at most once a minute for each link. */
  "share.opened": { share: string; path: string; times: number };
  "key.created": { key: string; scopes: string[] };
  "key.revoked": { key: string };
}

export type Topic = keyof JournalEventBodies;

/** One row of the outbox: `seq` is the cursor of `GET /v1/events`. */
export type JournalEvent<T extends Topic = Topic> = {
  [K in T]: { seq: number; topic: K; tenant: TenantId; pid: Pid | null; atMs: number; body: JournalEventBodies[K] };
}[T];
