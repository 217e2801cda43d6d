import { addUsage, noUsage } from "@aiosjs/sdk/protocol";
import type {
  CallId,
  Exit,
  KeyId,
  Limit,
  OnExhausted,
  Pid,
  ProcessView,
  SchedulingClass,
  TenantId,
  Usage,
} from "@aiosjs/sdk/protocol";
import { AnswerOrder } from "./answer-order.ts";
import { ProgramAttained } from "./attained.ts";
import type { KeyAttained } from "./attained.ts";
import type { CallRecord } from "./call-record.ts";
import { join, labelsFrom, neutral } from "./gate/label.ts";
import type { Label } from "./gate/label.ts";
import { withText } from "./gate/user-texts.ts";
import type { ProcessRow } from "./ports.ts";
import type { Replay } from "./replay.ts";
import type { Lender } from "./urgency.ts";

export interface ProcessOptions {
  readonly pid: Pid;
  readonly tenant: TenantId;
  readonly parent: Process | undefined;
  readonly name: string;
  readonly kind: ProcessRow["kind"];
  readonly nice: number;
  readonly class: SchedulingClass;
  readonly capabilities: readonly string[];
  readonly onExhausted: OnExhausted;
  readonly program: unknown;
  readonly model: string | null;
  readonly key: KeyId | null;
  readonly startedAtMs: number;
  /** Of a client: what the key's other sessions have received. */
  readonly keyAttained?: KeyAttained | undefined;
  /** What it knows from the start. Default: nothing, as the kernel's own. */
  readonly seen?: Label | undefined;
  readonly userTexts?: readonly string[] | undefined;
}

/** A running agent, whoever runs it. What it does goes through its calls; what may be done to it are the signals. */
export class Process {
  readonly pid: Pid;
  readonly tenant: TenantId;
  readonly parent: Process | undefined;
  readonly children = new Set<Process>();
  readonly name: string;
  readonly kind: ProcessRow["kind"];
  nice: number;
  class: SchedulingClass;
  readonly capabilities: readonly string[];
  readonly onExhausted: OnExhausted;
  readonly program: unknown;
  model: string | null;
  key: KeyId | null;
  host: ProcessRow["host"] = null;
  limits: Limit[] = [];
  usage: Usage = noUsage;
  done = 0;
  failed = 0;
  toolCalls = 0;
  waitingMs = 0;
  /** Input tokens of its last chat, and the `core/model` that answered it. */
  lastPrompt: { tokens: number; model: string } | undefined;
  /** All that it has seen, joined: it never falls. */
  seen: Label;
  /** What people have told it: a value out of these is theirs. */
  userTexts: readonly string[];
  /** The only things that it and those below it may call; undefined: it has made no plan. */
  planned: readonly string[] | undefined;
  /** Number of the last syscall. */
  seq = 0;
  /** What the program has received; shared by its whole tree. */
  readonly attained: ProgramAttained;
  readonly calls = new Set<CallRecord>();
  /** Questions to a person that its calls wait for, by their ids. */
  readonly asks = new Set<string>();
  /** Calls that a debugger holds, by name. */
  readonly stopped = new Map<CallId, string>();
  /** Who waits for its end, and for whose it waits: waiting lends urgency. */
  readonly lenders = new Set<Lender>();
  readonly awaited = new Set<Process>();
  queued = 0;
  running = 0;
  hasBegun = false;
  /** Why it is suspended, if it is. */
  suspended: string | undefined;
  /** When it goes on by itself: its budget's window is over then. */
  wakesAtMs: number | undefined;
  /** When it went on last. */
  resumedAtMs = Number.NEGATIVE_INFINITY;
  /** Calls made or taken out of the run queues while suspended: what to do when it is resumed. */
  readonly held = new Map<CallRecord, () => void>();
  readonly startedAtMs: number;
  activeAtMs: number;
  endedAtMs: number | null = null;
  exit: Exit | null = null;
  /** How many times its program was started. */
  incarnation = 1;
  /** In which order its program hears what its calls come to. */
  readonly answers = new AnswerOrder();
  /** What its earlier incarnations were told. */
  replay: Replay | undefined;
  /** A module with all rights of the kernel's user on the machine. */
  isAtLarge = false;
  /** How often its program was killed since its last recorded call. */
  deaths: { readonly calls: number; readonly count: number } | undefined;
  /** Somebody has interrupted this incarnation: when it ends, it is meant to. */
  isInterrupted = false;
  /** Number of the last syscall before this kernel was started; its clients may come back for what is at most that old. */
  restoredSeq = 0;
  /** Starts its program, which does not run yet: a kernel that starts again leaves suspended ones alone. */
  dormant: (() => void) | undefined;
  /** The call that it is on its way back to. */
  goingBackTo: number | undefined;
  /** Of the present incarnation. */
  abort = new AbortController();
  readonly #waiters: (() => void)[] = [];

  constructor(options: ProcessOptions) {
    this.pid = options.pid;
    this.tenant = options.tenant;
    this.parent = options.parent;
    this.name = options.name;
    this.kind = options.kind;
    this.nice = options.nice;
    this.class = options.class;
    this.capabilities = options.capabilities;
    this.onExhausted = options.onExhausted;
    this.program = options.program;
    this.model = options.model;
    this.key = options.key;
    this.seen = options.seen ?? neutral;
    this.userTexts = options.userTexts ?? [];
    this.startedAtMs = options.startedAtMs;
    this.activeAtMs = options.startedAtMs;
    this.attained = options.parent?.attained ?? new ProgramAttained(options.keyAttained);
    options.parent?.children.add(this);
  }

  /** A command that its parent starts again after its death: it is told again what it was told. */
  get mayRestart(): boolean {
    const { restart = "never" } = this.program as { restart?: string };
    return this.kind === "command" && restart !== "never";
  }

  /** Whether its program's calls say their places, and are made again by the next incarnation. */
  get isReplayed(): boolean {
    return this.kind === "agent" || this.kind === "module";
  }

  /** Its program runs in a sandbox, whole: a person has started the command so, or what runs in one has started it. */
  get isJailed(): boolean {
    if (this.kind === "module") return !this.isAtLarge;
    if (this.kind !== "command") return false;
    return this.parent?.isJailed ?? (this.program as { sandbox?: string }).sandbox !== undefined;
  }

  /** Whether anything else than it knew already was in it. What the kernel does by itself sees nothing. */
  sees(label: Label): boolean {
    const before = this.seen;
    if (this.kind !== "kernel") this.seen = join(before, label);
    return this.seen !== before;
  }

  /** A person says so to it. */
  hears(text: string): void {
    this.userTexts = withText(this.userTexts, text);
  }

  /** The root of its tree: the program as a whole, for policies. */
  get root(): Process {
    return this.parent?.root ?? this;
  }

  get state(): ProcessView["state"] {
    if (this.exit) return "zombie";
    if (this.suspended !== undefined) return "suspended";
    if (this.running > 0) return "running";
    if (this.queued + this.stopped.size > 0) return "ready";
    return this.hasBegun ? "blocked" : "new";
  }

  /** What a blocked or suspended process waits for, and one that is debugged. */
  get waitsFor(): string | null {
    if (this.suspended !== undefined) return this.suspended;
    if (this.running === 0 && this.stopped.size > 0)
      return `held by a debugger: ${[...new Set(this.stopped.values())].join(", ")}`;
    if (this.state !== "blocked") return null;
    const [question] = this.asks;
    if (question !== undefined) return `an approval: aios approve show ${question}`;
    const held = this.replay?.awaited;
    if (held) return `its program to ask for ${held.replayKey} (${held.name}) again, as before the restart`;
    return this.kind === "client" ? "its client's next request" : "its own program";
  }

  /** This process and all below it, parents first. */
  *tree(): Generator<Process> {
    yield this;
    for (const child of this.children) yield* child.tree();
  }

  isUnder(ancestor: Process): boolean {
    return ancestor === this || this.parent?.isUnder(ancestor) === true;
  }

  end(exit: Exit, nowMs: number): void {
    if (this.exit) return;
    this.exit = exit;
    this.endedAtMs = nowMs;
    for (const wake of this.#waiters.splice(0)) wake();
  }

  /** Resolves when the process has ended. */
  ended(signal: AbortSignal): Promise<Exit> {
    if (this.exit) return Promise.resolve(this.exit);
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal.reason as Error);
      signal.addEventListener("abort", abort, { once: true });
      this.#waiters.push(() => {
        signal.removeEventListener("abort", abort);
        if (this.exit) resolve(this.exit);
      });
    });
  }

  /** As its row will say when it lives again after its end. */
  alive(): Pick<ProcessRow, "state" | "endedAtMs" | "exit"> {
    return { state: this.suspended === undefined ? "live" : "suspended", endedAtMs: null, exit: null };
  }

  /** It lives again; nothing of it runs yet. */
  revive(): void {
    this.exit = null;
    this.endedAtMs = null;
    this.host = null;
    this.isInterrupted = false;
    this.deaths = undefined;
    this.abort = new AbortController();
  }

  count(record: CallRecord, outcome: "done" | "failed"): void {
    this[outcome]++;
    if (record.name === "tool.call") this.toolCalls++;
    // An answer out of a cache has no figures.
    if (record.name === "llm.chat" && outcome === "done" && record.usage.inputTokens > 0)
      this.lastPrompt = { tokens: record.usage.inputTokens, model: record.device };
    this.waitingMs += record.waitedMs;
    this.usage = addUsage(this.usage, record.usage);
  }

  /** `maxTokensOf`: what a `core/model` takes, prompt and answer. */
  view(maxTokensOf: (model: string) => number | undefined): ProcessView {
    const { pid, tenant, name, kind, nice, model, queued, running, done, failed, toolCalls, usage, waitingMs, exit } =
      this;
    return {
      pid,
      tenant,
      name,
      kind,
      nice,
      model,
      queued: queued + this.stopped.size,
      running,
      done,
      failed,
      toolCalls,
      usage,
      waitingMs,
      exit,
      parent: this.parent?.pid ?? null,
      state: this.state,
      on: this.waitsFor,
      class: this.class,
      limits: this.limits,
      startedAt: this.startedAtMs,
      endedAt: this.endedAtMs,
      hostPid: this.host?.hostPid ?? null,
      ...(this.asks.size > 0 ? { asks: [...this.asks] } : {}),
      seen: labelsFrom(this.seen),
      labels: this.#areLabelsEnforced ? "enforced" : "observed",
      context: this.lastPrompt
        ? { tokens: this.lastPrompt.tokens, maxTokens: maxTokensOf(this.lastPrompt.model) ?? null }
        : null,
    };
  }

  get #areLabelsEnforced(): boolean {
    return this.kind === "agent" || this.kind === "kernel" || this.isJailed;
  }

  row(): ProcessRow {
    const { pid, tenant, name, kind, nice, capabilities, limits, usage, done, failed, toolCalls, waitingMs, seq } =
      this;
    const { program, key, host, incarnation, onExhausted, startedAtMs, endedAtMs, exit, seen, userTexts } = this;
    return {
      pid,
      tenant,
      name,
      kind,
      nice,
      capabilities,
      limits,
      usage,
      key,
      host,
      incarnation,
      onExhausted,
      startedAtMs,
      endedAtMs,
      exit,
      seen,
      userTexts,
      parent: this.parent?.pid ?? null,
      state: exit ? "zombie" : this.suspended === undefined ? "live" : "suspended",
      class: this.class,
      counts: { done, failed, toolCalls, waitingMs, seq },
      program: {
        ...(program as object),
        model: this.model,
        ...(this.planned ? { planned: this.planned } : {}),
        ...this.#suspension(),
        ...this.#return(),
      },
    };
  }

  #return(): { goingBackTo?: number } {
    return this.goingBackTo === undefined ? {} : { goingBackTo: this.goingBackTo };
  }

  #suspension(): { suspension?: Suspension } {
    if (this.suspended === undefined) return {};
    return { suspension: { reason: this.suspended, wakesAtMs: this.wakesAtMs ?? null } };
  }
}

/** Why a process is suspended, and until when, as its row keeps it. */
export interface Suspension {
  readonly reason: string;
  readonly wakesAtMs: number | null;
}
