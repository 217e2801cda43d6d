import { isSysError, noUsage, SysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs, ChatResult, EmbedArgs, EmbedResult, Usage } from "@aiosjs/sdk/protocol";
import { exhausted, reserve, settle, shortAccount } from "./budget.ts";
import type { Account, Reservation } from "./budget.ts";
import { placeOf } from "./call-place.ts";
import type { CallRecord } from "./call-record.ts";
import { Charge } from "./charge.ts";
import { costUsd, planChat, planEmbed } from "./clamp.ts";
import type { Lane } from "./lane.ts";
import { isModelCall } from "./model-call.ts";
import type { PromptSize } from "./model-call.ts";
import type { Parts } from "./parts.ts";
import type { CallEvent, Core, DriverContext, DriverEvent } from "./ports.ts";
import type { Flight } from "./routers/lane-speeds.ts";
import type { Entry, Slot } from "./scheduler.ts";

/** What a call leaves behind: told once, whatever happened. */
export type Outcome = { result: unknown; usage: Usage } | { error: SysError; usage: Usage };

export interface Submission {
  readonly record: CallRecord;
  readonly lanes: readonly Lane[];
  readonly accounts: readonly Account[];
  readonly nice: number;
  readonly class: "interactive" | "batch";
  readonly deadlineAtMs: number;
  nested(name: string, args: unknown): Promise<unknown>;
  /** Called exactly once. */
  finish(outcome: Outcome): void;
  /** A budget does not buy the next attempt: true when the process was suspended and the call shall wait. */
  onSpent(error: SysError): boolean;
}

/** First pause before a call whose upstream broke is tried again; doubles per attempt. */
const RETRY_BASE_MS = 200;
/** What a token of an answer is taken for until its usage is told. */
const BYTES_PER_TOKEN = 4;
const noCost = { tokens: 0, costUsd: 0, calls: 0, toolCalls: 0 };

interface AttemptOptions {
  readonly submission: Submission;
  readonly entry: Entry;
  readonly lane: Lane;
  readonly slot: Slot;
  readonly size: PromptSize;
}

/** One try of one call on one lane. */
export class Attempt {
  readonly #parts: Parts;
  readonly #options: AttemptOptions;
  #reservation: Reservation | undefined;
  #maxTokens: number | undefined;
  #isClamped = false;
  #outputBytes = 0;
  #isOver = false;
  /** What a router learns of the lane's speed. */
  #flight: Flight | undefined;
  /** What came so far of an answer that is looked at before it is handed out. */
  #withheld: CallEvent[] | undefined;
  /** What policies count. */
  readonly #charge: Charge;

  constructor(parts: Parts, options: AttemptOptions) {
    this.#parts = parts;
    this.#options = options;
    const { entry, lane } = options;
    this.#charge = new Charge((service) => parts.scheduler.charge(entry, lane, service));
  }

  async run(): Promise<void> {
    const { entry, lane, slot } = this.#options;
    const { record } = entry;
    try {
      this.#reserve();
      for (const account of this.#reservation?.accounts ?? [])
        this.#parts.outbox.note({ kind: "account", row: account.row() });
    } catch (cause) {
      return this.#unaffordable(cause as SysError);
    }
    record.attempts++;
    this.#charge.begin(entry.demand.inputTokens);
    const device = isModelCall(record.name) ? `${lane.driver.name}/${lane.model}` : lane.driver.name;
    record.device = device;
    const isSimulated = "isSimulated" in lane.driver && lane.driver.isSimulated;
    const marks = { ...(isSimulated ? { isSimulated } : {}), ...(this.#isClamped ? { isClamped: true } : {}) };
    // What a view shows as the process's model is what answers it, not the alias that it asked for.
    if (record.name === "llm.chat") record.process.model = device;
    record.push([{ type: "syscall.started", device, waitingMs: record.waitedMs, ...marks }]);
    if (isModelCall(record.name)) {
      this.#flight = this.#parts.router.began(record, lane, entry.demand.inputTokens + entry.demand.outputTokens);
      if (this.#parts.router.withholds(record)) this.#withheld = [];
    }
    // A cancelled call ends at once for its caller; the slot is free when the driver has let go.
    const { signal } = record.abort;
    const cancelled = (): void =>
      this.#end({ error: record.cancelled ?? new SysError("ECANCELED", "cancelled"), usage: this.#guess() });
    signal.addEventListener("abort", cancelled);
    let outcome: Outcome;
    try {
      outcome = await this.#drain();
    } catch (cause) {
      outcome = { error: asSysError(cause, lane.driver.name), usage: this.#outputBytes > 0 ? this.#guess() : noUsage };
    }
    signal.removeEventListener("abort", cancelled);
    if (!this.#isOver && "error" in outcome && this.#canRepeat(outcome.error)) {
      this.#repeat(outcome.error);
      return;
    }
    if (!this.#isOver && this.#sendOn(outcome)) return;
    if (!this.#isOver && "result" in outcome && this.#speaksForLane() && lane.succeeded(this.#parts.clock.nowMs()))
      this.#parts.outbox.event("lane.recovered", { tenant: record.process.tenant, pid: null }, { lane: lane.id });
    this.#end(outcome);
    slot.release();
  }

  async #drain(): Promise<Outcome> {
    const { entry, lane } = this.#options;
    const { record } = entry;
    let outcome: Outcome | undefined;
    for await (const batch of this.#execute()) {
      const told: CallEvent[] = [];
      for (const event of batch) {
        if (event.type === "result")
          outcome = { result: this.#dress(event.result), usage: this.#priced(event.usage, event.result) };
        else if (event.type === "limits") this.#observe(event);
        else if (event.type === "preempted")
          throw new SysError("EIO", `${lane.driver.name} made way although nobody asked it to`, { retryable: false });
        else {
          told.push(event);
          if (event.type === "request.adapted") continue;
          record.hasOutput ||= !this.#withheld;
          if ("text" in event) this.#outputBytes += event.text.length;
          else if ("arguments" in event) this.#outputBytes += event.arguments.length;
        }
      }
      if (told.length === 0) continue;
      this.#flight?.output(this.#parts.clock.nowMs());
      if (this.#withheld) this.#withheld.push(...told);
      else record.push(told);
      this.#charge.produced(Math.floor(this.#outputBytes / BYTES_PER_TOKEN));
    }
    return (
      outcome ?? { error: new SysError("EIO", `${lane.driver.name} ended without a result`), usage: this.#guess() }
    );
  }

  #execute(): AsyncIterable<readonly DriverEvent[]> {
    const { entry, lane, slot } = this.#options;
    const [args, context] = [this.#args(), this.#context()];
    if (!slot.batch) return lane.driver.execute(entry.record.name, args, context);
    return slot.batch.execute({ args: args as EmbedArgs, context, inputTokens: entry.demand.inputTokens });
  }

  /** Whether the lane has not been told yet what became of the request. */
  #speaksForLane(): boolean {
    return this.#options.slot.batch?.speaksForLane() ?? true;
  }

  #args(): unknown {
    const { record } = this.#options.entry;
    if (record.name !== "llm.chat" || this.#maxTokens === undefined) return record.args;
    return { ...(record.args as ChatArgs), maxTokens: this.#maxTokens };
  }

  #context(): DriverContext {
    const { entry, lane, submission, slot } = this.#options;
    const { record } = entry;
    return {
      call: record.call,
      pid: record.process.pid,
      tenant: record.process.tenant,
      model: lane.model,
      original: record.original,
      signal: record.abort.signal,
      syscall: (name, args) => slot.lend(() => submission.nested(name, args)),
    };
  }

  #reserve(): void {
    const { submission, entry, lane } = this.#options;
    const { accounts } = submission;
    const nowMs = this.#parts.clock.nowMs();
    if (accounts.length === 0) return;
    if (!isModelCall(entry.record.name)) {
      const cost = { ...noCost, calls: 1, toolCalls: entry.record.name === "tool.call" ? 1 : 0 };
      const short = shortAccount(accounts, cost, nowMs);
      if (short) throw exhausted(short, entry.record.name);
      this.#reservation = reserve(accounts, cost);
      return;
    }
    const bill = {
      inputTokens: entry.demand.inputTokens,
      price: lane.price,
      core: lane.driver as Core,
      model: lane.model,
      minOutputTokens: this.#parts.settings.minOutputTokens,
      nowMs,
    };
    if (entry.record.name === "llm.embed") {
      this.#reservation = reserve(accounts, planEmbed(accounts, bill));
      return;
    }
    const plan = planChat(entry.record.args as ChatArgs, accounts, bill);
    this.#maxTokens = plan.maxTokens;
    this.#isClamped = plan.isClamped;
    this.#reservation = reserve(accounts, plan.cost);
  }

  #unaffordable(error: SysError): void {
    const { submission, entry, lane, slot } = this.#options;
    lane.settle(entry.demand, noUsage, this.#parts.clock.nowMs());
    const elsewhere = error.code === "EINVAL" ? this.#parts.router.without(entry.record, lane) : undefined;
    if (elsewhere) {
      entry.record.push([
        { type: "syscall.requeued", code: error.code, detail: error.message, retryAtMs: this.#parts.clock.nowMs() },
      ]);
      this.#enqueue(elsewhere);
    } else if (error.code === "EDQUOT" && submission.onSpent(error)) {
      const { process } = entry.record;
      entry.record.state = "queued";
      process.held.set(entry.record, () => this.#parts.scheduler.enqueue(entry));
    } else this.#end({ error, usage: noUsage });
    slot.release();
  }

  #observe(event: Extract<DriverEvent, { type: "limits" }>): void {
    const { entry, lane, slot } = this.#options;
    for (const bucket of lane.observe(event.limits, slot, this.#parts.clock.nowMs())) {
      const body = { lane: lane.id, limit: bucket.name, perMinute: bucket.perMinute, burst: bucket.burst };
      this.#parts.outbox.event("lane.learned", { tenant: entry.tenant, pid: null }, body);
    }
    this.#parts.scheduler.pump(lane);
  }

  #dress(result: unknown): unknown {
    const { lane } = this.#options;
    if (lane.driver.device !== "llm") return result;
    const answer = result as ChatResult | EmbedResult;
    return { ...answer, model: `${lane.driver.name}/${lane.model}`, ...(this.#isClamped ? { isClamped: true } : {}) };
  }

  /** Our price list wins; without one the upstream's own figure stands. An answer without any figures is estimated, not free. */
  #priced(usage: Usage | undefined, result: unknown): Usage {
    if (!usage) {
      if (this.#outputBytes === 0 && this.#options.entry.record.name === "llm.chat")
        this.#outputBytes = JSON.stringify(result).length;
      return { ...this.#guess(), wastedTokens: 0 };
    }
    const { price } = this.#options.lane;
    // What the upstream says that it charged is nearer than a list of some day.
    if (!price || (price.asOf !== undefined && usage.costUsd > 0)) return usage;
    return { ...usage, costUsd: costUsd(price, usage) };
  }

  /** What an attempt without usage figures has cost: the prompt and what came, all of it for nothing. */
  #guess(): Usage {
    const { entry, lane } = this.#options;
    if (!isModelCall(entry.record.name)) return noUsage;
    const { inputTokens } = entry.demand;
    const outputTokens = Math.ceil(this.#outputBytes / BYTES_PER_TOKEN);
    const usage = { ...noUsage, inputTokens, outputTokens, wastedTokens: inputTokens + outputTokens };
    return { ...usage, costUsd: costUsd(lane.price, usage) };
  }

  /** Only what produced nothing is repeated; a full upstream as long as it takes, a broken one a few times. */
  #canRepeat(error: SysError): boolean {
    const { record } = this.#options.entry;
    if (
      !error.retryable ||
      record.hasOutput ||
      record.abort.signal.aborted ||
      this.#options.lane.driver.device !== "llm"
    )
      return false;
    const { router, settings } = this.#parts;
    const { maxAttempts } = settings.scheduler;
    return error.code === "EAGAIN" ? !router.tiresOf(record, maxAttempts) : !router.isWornOut(record, maxAttempts);
  }

  /** Whether another lane goes on with the call: after an answer that is visibly bad, or what another model may not have. */
  #sendOn(outcome: Outcome): boolean {
    const { entry, lane, slot } = this.#options;
    const { record } = entry;
    const { router, outbox, scheduler } = this.#parts;
    if (record.hasOutput || record.abort.signal.aborted || !isModelCall(record.name)) return false;
    const step = router.next(record, lane, { outcome, events: this.#withheld ?? [], args: this.#args() as ChatArgs });
    if (!step) return false;
    this.#leave(outcome.usage);
    if ("error" in outcome && outcome.error.retryable) this.#blame(outcome.error);
    else if ("result" in outcome && lane.succeeded(this.#parts.clock.nowMs()))
      outbox.event("lane.recovered", { tenant: entry.tenant, pid: null }, { lane: lane.id });
    lane.count("error" in outcome ? "failed" : "done", outcome.usage);
    record.push([{ type: "syscall.requeued", ...step.why, retryAtMs: this.#parts.clock.nowMs() }]);
    this.#enqueue(step.lanes);
    slot.release();
    scheduler.pump(lane);
    return true;
  }

  /** The attempt is over and the call is not: what it really took is settled. */
  #leave(usage: Usage): void {
    const { entry, lane } = this.#options;
    const nowMs = this.#parts.clock.nowMs();
    const tokens = usage.inputTokens + usage.outputTokens;
    if (this.#reservation) settle(this.#reservation, { ...noCost, tokens, costUsd: usage.costUsd });
    lane.settle({ ...entry.demand, requests: 0 }, usage, nowMs);
    this.#charge.settle(usage);
    this.#flight?.land(nowMs);
  }

  /** The lane pauses or rests for what its upstream did. @returns when it goes on, as far as it has said. */
  #blame(error: SysError): number {
    const { entry, lane } = this.#options;
    const { scheduler, router, clock, outbox } = this.#parts;
    const origin = { tenant: entry.tenant, pid: entry.pid };
    const nowMs = clock.nowMs();
    if (!this.#speaksForLane()) return error.code === "EAGAIN" ? Math.max(nowMs, lane.pausedUntilMs) : nowMs;
    if (error.code === "EAGAIN") {
      const untilMs = scheduler.refused(lane, error.retryAfterMs);
      outbox.event("lane.refused", origin, { lane: lane.id, retryAfterMs: untilMs - nowMs });
      return untilMs;
    }
    const untilMs = scheduler.broke(lane);
    if (untilMs === undefined) return nowMs;
    outbox.event("lane.cooled", origin, { lane: lane.id, untilMs, faults: lane.faults });
    // Who waits for this lane alone may have another one.
    scheduler.reroute(scheduler.drain([lane]), (record) => router.lanesOf(record));
    return nowMs;
  }

  #enqueue(lanes: readonly Lane[]): void {
    const { entry, size } = this.#options;
    const { estimator, scheduler } = this.#parts;
    const { record } = entry;
    Object.assign(entry, { lanes });
    if (lanes[0]) entry.demand.inputTokens = estimator.inputTokens(lanes[0].model, size.bytes) + size.tokens;
    if (record.process.suspended === undefined) scheduler.enqueue(entry);
    else record.process.held.set(record, () => scheduler.enqueue(entry));
  }

  #repeat(error: SysError): void {
    const { entry, lane, slot } = this.#options;
    const { scheduler, router, random } = this.#parts;
    const { record } = entry;
    this.#leave(noUsage);
    let retryAtMs = this.#blame(error);
    const others = router.retryLanes(record, lane, error);
    if (others) Object.assign(entry, { lanes: others });
    const wakeUp = (): void => void Object.assign(entry, { lanes: router.awake(record, entry.lanes) });
    wakeUp();
    // Another lane has not failed: there is nothing to wait for.
    const isElsewhere = !entry.lanes.includes(lane);
    if (error.code !== "EAGAIN" && !isElsewhere)
      retryAtMs += Math.round(RETRY_BASE_MS * 2 ** (record.attempts - 1) * (0.5 + random.next()));
    record.push([{ type: "syscall.requeued", code: error.code, detail: error.message, retryAtMs }]);
    if (record.process.suspended !== undefined) record.process.held.set(record, () => scheduler.enqueue(entry));
    else if (error.code === "EAGAIN" || isElsewhere) scheduler.enqueue(entry);
    else scheduler.enqueueLater(entry, retryAtMs, wakeUp);
    slot.release();
  }

  #end(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { submission, entry, lane, size } = this.#options;
    const { usage } = outcome;
    this.#flight?.land(this.#parts.clock.nowMs(), "result" in outcome ? usage.outputTokens : undefined);
    if (this.#withheld && "result" in outcome) entry.record.push(this.#withheld);
    if (this.#reservation)
      settle(this.#reservation, {
        tokens: usage.inputTokens + usage.outputTokens,
        costUsd: usage.costUsd,
        calls: 1,
        toolCalls: entry.record.name === "tool.call" ? 1 : 0,
      });
    const { name } = entry.record;
    if (isModelCall(name)) {
      lane.settle(entry.demand, usage, this.#parts.clock.nowMs());
      this.#charge.settle(usage);
      const { estimator } = this.#parts;
      if ("result" in outcome && name === "llm.chat")
        estimator.learn(lane.model, placeOf(entry.record), { bytes: size.bytes, ...usage });
      else if ("result" in outcome)
        estimator.learnInput(lane.model, { bytes: size.bytes, inputTokens: usage.inputTokens - size.tokens });
      this.#parts.scheduler.pump(lane);
    }
    lane.count("error" in outcome ? "failed" : "done", usage);
    submission.finish(this.#parts.router.ended(entry.record, lane, { outcome, args: this.#args() as ChatArgs }));
  }
}

/** Drivers may throw anything; only here it becomes EIO. */
function asSysError(cause: unknown, driver: string): SysError {
  if (isSysError(cause)) return cause;
  return new SysError("EIO", `${driver} failed: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause,
    retryable: false,
  });
}
