import { asCallId, SysError } from "@aiosjs/sdk/protocol";
import type {
  CallId,
  JournalEvent,
  ParsedArgsOf,
  Pid,
  SysEvent,
  SyscallName,
  SyscallSpec,
  Topic,
  Transport,
} from "@aiosjs/sdk/protocol";
import { checkAccess, HOME_TENANT, seesAll } from "./access.ts";
import { CallFlow } from "./call-flow.ts";
import type { NestedCall } from "./call-flow.ts";
import { CallRecord } from "./call-record.ts";
import type { CallOptions } from "./call-record.ts";
import { CallTable } from "./call-table.ts";
import { isKernelDevice } from "./devices/table.ts";
import { asSysError } from "./driver-error.ts";
import { notePolicy } from "./gate/policy-notice.ts";
import { Lifecycle } from "./lifecycle.ts";
import { CallCounts, metricsOf } from "./metrics.ts";
import { openNoteDaemon } from "./note-daemon.ts";
import { embedByOwnCalls } from "./note-embedding.ts";
import { openParts } from "./open-parts.ts";
import type { KernelPorts } from "./open-parts.ts";
import { parseCall } from "./parse-args.ts";
import type { Parts } from "./parts.ts";
import type {
  Caller,
  CallRow,
  JournalImage,
  Kernel,
  KernelMetrics,
  KernelSettings,
  Principal,
  SharedFile,
  Subscription,
} from "./ports.ts";
import type { Process } from "./process.ts";
import type { Asked } from "./replay.ts";
import { requestHash } from "./request-hash.ts";
import { adopt } from "./reloaded.ts";
import type { Reloaded } from "./reloaded.ts";
import { restore } from "./restoration.ts";
import { shutDown } from "./shutting-down.ts";

export interface KernelOptions extends KernelPorts {
  readonly settings: KernelSettings;
  /** Reads the configuration anew; called by `sys.refresh`. @throws SysError EINVAL: nothing is changed then. */
  readonly reload: () => Promise<Reloaded>;
  /** Called once when `sys.shutdown` was asked for. */
  readonly onShutdown: () => void;
  /** Called once when another kernel has claimed the journal: nothing is served any more, and nothing recorded. */
  readonly onFenced?: (cause: SysError) => void;
  /** The home's own key, administrative in all tenants. */
  readonly rootKey?: string;
}

/** Loads the journal, restores the processes and opens the one door. */
export async function createKernel(options: KernelOptions): Promise<Kernel> {
  const { parts, image, wasCrash } = await openParts(options);
  const kernel = new KernelDoor(parts, options);
  await parts.files?.open();
  kernel.open(image, wasCrash);
  await kernel.recollectAnswers();
  return kernel;
}

/** Calls of a tenant that are under way, waiting ones too. Programs that are replayed make one a lane, and are not counted out. */
const MAX_OPEN = 20_000;
/** What makes room is let in. */
const ending: ReadonlySet<SyscallName> = new Set(["call.cancel", "proc.signal", "proc.exit"]);

class KernelDoor implements Kernel {
  readonly #parts: Parts;
  readonly #options: KernelOptions;
  readonly #lifecycle: Lifecycle;
  readonly #flow: CallFlow;
  readonly #calls: CallTable;
  readonly #counts = new CallCounts();
  #closing: Promise<void> | undefined;
  #fenced: SysError | undefined;
  isReady = false;

  constructor(parts: Parts, options: KernelOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#lifecycle = new Lifecycle(parts, (principal) => this.transport(principal));
    this.#calls = new CallTable(parts.clock);
    this.#flow = new CallFlow({
      parts,
      lifecycle: this.#lifecycle,
      calls: this.#calls,
      counts: this.#counts,
      controls: {
        refresh: async () => adopt(await options.reload(), parts),
        shutdown: options.onShutdown,
        startedAtMs: parts.clock.nowMs(),
      },
      nested: (record, principal, call) => this.#nested(record, principal, call),
    });
  }

  get settings(): KernelSettings {
    return this.#parts.settings;
  }

  open(image: JournalImage, wasCrash: boolean): void {
    const { cron, keys, lease, memory, outbox, settings } = this.#parts;
    const { rootKey } = this.#options;
    if (rootKey) {
      const isNew = keys.find(rootKey.split("_")[2] ?? "") === undefined;
      const row = keys.adopt(rootKey, HOME_TENANT);
      if (isNew) outbox.note({ kind: "key", row });
    }
    void lease?.lost.then((cause) => this.#fence(cause));
    restore(image, { parts: this.#parts, lifecycle: this.#lifecycle });
    outbox.note({ kind: "meta", key: "state", value: "running" });
    outbox.event("kernel.started", { tenant: HOME_TENANT, pid: null }, { version: settings.version, wasCrash });
    notePolicy(this.#parts, undefined);
    this.isReady = true;
    cron.open(image.timers, (principal, id) => this.syscall("cron.run", { id }, { principal, onDetach: "keep" }));
    const embedFor = embedByOwnCalls(this.#parts, (...call) => this.syscall(...call));
    memory?.open(embedFor);
    this.#parts.fileIndex?.vectors.open(embedFor);
    this.#parts.notices?.open();
    void this.#parts.sandboxes?.open();
    if (memory) openNoteDaemon(this.#parts, (...call) => this.syscall(...call));
  }

  async recollectAnswers(): Promise<void> {
    await this.#lifecycle.incarnations.recollect();
  }

  authenticate(token: string): Principal {
    return this.#parts.keys.authenticate(token);
  }

  openShare(token: string): Promise<SharedFile | undefined> {
    return this.#parts.shares?.open(token) ?? Promise.resolve(undefined);
  }

  identify(principal: Principal, identity: { pid?: string; session?: string; label?: string }): Pid {
    return this.#lifecycle.identify(principal, identity).pid;
  }

  async recollect(caller: Caller): Promise<void> {
    const { principal, pid } = caller;
    const process = this.#parts.processes.get(principal.pid ?? pid ?? "");
    if (process && !process.exit) await this.#parts.retries.recollect(process, caller);
  }

  transport(principal: Principal, pid?: Pid): Transport {
    return {
      syscall: (name, args, { signal, ...quality } = {}) => {
        const subscription = this.syscall(name, args, { principal, pid, ...quality, onDetach: "abort" });
        if (signal?.aborted) subscription.cancel();
        else signal?.addEventListener("abort", () => subscription.cancel(), { once: true });
        return subscription;
      },
    };
  }

  syscall(name: string, args: unknown, caller: Caller): Subscription {
    let record: CallRecord | undefined;
    try {
      const call = parseCall(name, args);
      const process = this.#processOf(call.name, caller);
      const place = this.#placeOf(call, process, caller);
      const access = { ...call, principal: caller.principal, process: process.kind === "kernel" ? undefined : process };
      const earlier = place && this.#parts.retries.claim(process, place, caller);
      if (earlier?.is === "open") {
        checkAccess(access);
        return earlier.record.subscribe();
      }
      if (earlier) process.replay?.drop(earlier.row);
      const recorded = earlier ?? (place && process.replay?.take(place));
      // Before anything of it is recorded. What is on record was let pass then, and is told again.
      if (!recorded && process.kind !== "kernel") this.#parts.secrets?.refuse(process.tenant, call.name, call.args);
      record = this.#record(call, process, { caller, place, row: recorded?.row });
      checkAccess(access);
      this.#checkOpen(call, record);
      const turn = recorded && "turn" in recorded ? recorded.turn : undefined;
      this.#flow.begin({ spec: call.spec, record, caller, turn });
      return record.subscribe();
    } catch (cause) {
      return this.#refuse(cause, { name, caller, record });
    }
  }

  /** What is refused at the door is still a call: one with a failure as its last event, on record if its process is known. */
  #refuse(
    cause: unknown,
    { name, caller, record }: { name: string; caller: Caller; record: CallRecord | undefined },
  ): Subscription {
    const error = asSysError(cause, name);
    if (record) {
      const subscription = record.subscribe();
      this.#flow.refuse(record, error);
      return subscription;
    }
    const init = this.#parts.processes.init(caller.principal.tenant);
    const refused = new CallRecord({
      ...this.#identity(name, undefined, init),
      key: caller.principal.key,
      onDetach: "keep",
    });
    refused.end({ error });
    this.#counts.add(name, "failed");
    return refused.subscribe();
  }

  #identity(name: string, args: unknown, process: Process): Omit<CallOptions, "key" | "onDetach" | "original"> {
    return {
      call: asCallId(`c${this.#parts.random.text(15)}`),
      seq: process.seq,
      name,
      args,
      process,
      clock: this.#parts.clock,
    };
  }

  /** Views, and what a key does to others, need no process of their own; work does. */
  #processOf(name: SyscallName, { principal, pid }: Caller): Process {
    const { processes } = this.#parts;
    const acting = principal.pid ?? pid;
    if (acting !== undefined) {
      const process = processes.visible(acting, principal);
      if (!process.exit) return process;
      throw new SysError("ESRCH", `process ${acting} has ended`, { hint: "`aios ps -a` lists what is there" });
    }
    return isKernelDevice(name) ? processes.init(principal.tenant) : this.#lifecycle.identify(principal, {});
  }

  /** Where a call stands that may have been made before, and what it asks for. Others pay for no hash. */
  #placeOf(
    { name, spec, args }: { name: string; spec: SyscallSpec; args: unknown },
    process: Process,
    caller: Caller,
  ): Asked | undefined {
    const isOwn = caller.principal.pid === process.pid && caller.isNested !== true;
    const key = process.isReplayed && isOwn ? caller.replayKey : undefined;
    // Of a nested call a key is a name: whoever made it looks for that itself.
    const isKeyed = caller.idempotencyKey !== undefined && caller.isNested !== true;
    const isRetried = caller.isRetry === true || isKeyed;
    const isCompared = !spec.isView && (isRetried || (process.mayRestart && isOwn && !startsCommand(name, args)));
    if (key === undefined && !isCompared) return undefined;
    return { key, name, requestHash: requestHash(this.#parts.hash, name, args) };
  }

  #record(
    call: { name: SyscallName; spec: SyscallSpec; args: unknown },
    process: Process,
    { caller, place, row }: { caller: Caller; place: Asked | undefined; row: CallRow | undefined },
  ): CallRecord {
    if (!row && (!call.spec.isView || place)) process.seq++;
    const { onDetach, original } = caller;
    const record = new CallRecord({
      ...this.#identity(call.name, call.args, process),
      ...(row ? { call: row.call, seq: row.seq, recorded: row } : {}),
      replayKey: place?.key,
      requestHash: place?.requestHash,
      idempotencyKey: place || caller.isNested === true ? caller.idempotencyKey : undefined,
      withinSeq: caller.withinSeq,
      key: caller.principal.key,
      onDetach,
      original,
    });
    this.#calls.add(record);
    process.activeAtMs = record.queuedAtMs;
    process.hasBegun ||= process.kind !== "command";
    return record;
  }

  /** @throws SysError EAGAIN while shutting down, ENOSPC or EIO while the journal cannot be written. Views are served all the same. */
  #checkOpen({ name, spec }: { name: SyscallName; spec: SyscallSpec }, record: CallRecord): void {
    const { lease } = this.#parts;
    if (this.#fenced) throw this.#fenced;
    // What is on record is told again, whatever the kernel may do just now.
    if (record.isToldAgain) return;
    if (name === "sys.shutdown" || (spec.isView && record.replayKey === undefined)) return;
    if (lease?.isSure() === false && !record.process.isReplayed)
      throw new SysError("EAGAIN", "the kernel was stopped for a while, and asks whether the home is still its own", {
        retryAfterMs: 1_000,
      });
    if (!this.isReady) {
      const closing = new SysError("EAGAIN", "the kernel is shutting down", {
        retryAfterMs: 2_000,
        hint: "send it again when it is back",
      });
      // No answer that its program could be told again: the next kernel hears the call.
      record.isLeft = record.isAskedAgain;
      record.cancelled = closing;
      throw closing;
    }
    const { tenant, isReplayed } = record.process;
    if (!isReplayed && this.#calls.openOf(tenant) > MAX_OPEN && !ending.has(name))
      throw new SysError("EAGAIN", `${MAX_OPEN} calls of tenant ${tenant} are under way`, {
        retryAfterMs: 1_000,
        hint: "calls that wait (proc.sleep, proc.receive, topic.read…) take a timeoutMs, and can be cancelled: call.cancel",
      });
    const { failure } = this.#parts.outbox;
    if (failure !== undefined && !record.process.isReplayed) throw asSysError(failure, "the journal");
  }

  /** Another kernel goes on with all of this: what is open ends here, untold to the journal and to no command. */
  #fence(cause: SysError): void {
    const { outbox, processes } = this.#parts;
    this.isReady = false;
    this.#fenced = cause;
    outbox.fence(cause);
    this.#lifecycle.incarnations.close();
    for (const record of this.#calls) record.cancel(cause);
    for (const process of processes) if (process.isReplayed) process.abort.abort(cause);
    this.#options.onFenced?.(cause);
  }

  async #nested(
    record: CallRecord,
    principal: Principal,
    { name, args, nice, deadlineMs, key, isCallers = false, onCall }: NestedCall,
  ): Promise<SysEvent | undefined> {
    const { pid, kind } = record.process;
    // A key without a process is one for work of its own.
    const caller = isCallers
      ? { principal, pid: kind === "kernel" ? undefined : pid }
      : { principal: { ...principal, pid }, pid };
    // Who waits for it is as urgent as it was.
    const entry = this.#lifecycle.entries.get(record);
    const quality = {
      nice: nice ?? entry?.nice,
      class: entry?.class,
      deadlineMs,
      onDetach: "abort" as const,
      isNested: true,
      withinSeq: record.withinSeq,
      idempotencyKey: key,
    };
    const subscription = this.syscall(name, args, { ...caller, ...quality });
    onCall?.(subscription.call);
    const cancel = (): void => subscription.cancel();
    record.abort.signal.addEventListener("abort", cancel, { once: true });
    let last: SysEvent | undefined;
    for await (const batch of subscription) last = batch.at(-1);
    record.abort.signal.removeEventListener("abort", cancel);
    return last;
  }

  subscribe(call: CallId, principal: Principal): Subscription | undefined {
    const record = this.#calls.find(call);
    return record && this.#parts.processes.isVisible(record.process, principal) ? record.subscribe() : undefined;
  }

  events(
    principal: Principal,
    query: { afterSeq: number; pid?: Pid; topics?: readonly Topic[] },
    signal: AbortSignal,
  ): AsyncIterable<readonly JournalEvent[]> {
    const pid = principal.pid ?? query.pid;
    const tenant = seesAll(principal) ? undefined : principal.tenant;
    return this.#parts.outbox.events.follow({ ...query, pid, tenant }, signal);
  }

  metrics(): KernelMetrics {
    return metricsOf(this.#parts, this.#counts);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.isReady = false;
    return (this.#closing ??= shutDown({
      parts: this.#parts,
      lifecycle: this.#lifecycle,
      calls: this.#calls,
      isFenced: () => this.#fenced !== undefined,
    }));
  }
}

/** A command of an earlier incarnation is over, with its key: another one is another process. */
const startsCommand = (name: string, args: unknown): boolean =>
  name === "proc.spawn" && (args as ParsedArgsOf<"proc.spawn">).program.kind === "command";
