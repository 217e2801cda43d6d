import { noUsage, SysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs, ChatResult, EmbedArgs, EmbedResult, Usage } from "@aiosjs/sdk/protocol";
import { AttemptCost } from "./attempt-cost.ts";
import { placeOf } from "./call-place.ts";
import { idempotencyKeyOf } from "./call-row.ts";
import { Charge, guessUsage, producedTokens } from "./charge.ts";
import { costUsd } from "./clamp.ts";
import { asSysError } from "./driver-error.ts";
import type { Lane } from "./lane.ts";
import { blame, observe, praise } from "./lane-news.ts";
import { askedOf, isModelCall, marksOf } from "./model-call.ts";
import type { PromptSize } from "./model-call.ts";
import type { Parts } from "./parts.ts";
import type { CallEvent, Core, DriverContext, DriverEvent, Snapshot } from "./ports.ts";
import { rankOf } from "./preemption.ts";
import type { Flight } from "./routers/lane-speeds.ts";
import type { Entry, Slot } from "./scheduler.ts";
import { standBy } from "./stand-by.ts";
import type { StandingBy } from "./stand-by.ts";
import type { Outcome, Submission } from "./submission.ts";
import { wayOut } from "./way-out.ts";

/** First pause before a call whose upstream broke is tried again; doubles per attempt. */
const RETRY_BASE_MS = 200;

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
  #cost: AttemptCost | undefined;
  #outputBytes = 0;
  #isOver = false;
  /** What a router learns of the lane's speed. */
  #flight: Flight | undefined;
  /** What came so far of an answer that is looked at before it is handed out. */
  #withheld: CallEvent[] | undefined;
  /** What policies count. */
  readonly #charge: Charge;
  /** The one that it has now: a call that made way gets another. */
  #slot: Slot;
  /** Where it made way last. */
  #snapshot: Snapshot | undefined;
  /** While it waits to go on. */
  #standing: StandingBy | undefined;

  constructor(parts: Parts, options: AttemptOptions) {
    this.#parts = parts;
    this.#options = options;
    const { entry, lane, slot } = options;
    this.#slot = slot;
    this.#charge = new Charge((service) => parts.scheduler.charge(entry, lane, service));
  }

  async run(): Promise<void> {
    const { entry, lane } = this.#options;
    const { record } = entry;
    try {
      this.#cost = this.#reserve();
      for (const account of this.#cost.accounts) this.#parts.outbox.note({ kind: "account", row: account.row() });
    } catch (cause) {
      return this.#unaffordable(cause as SysError);
    }
    record.attempts++;
    entry.producedTokens = 0;
    this.#charge.begin(entry.demand.inputTokens);
    const device = isModelCall(record.name) ? `${lane.driver.name}/${lane.model}` : lane.driver.name;
    record.device = device;
    const marks = { ...marksOf(lane.driver), ...(this.#cost.isClamped ? { isClamped: true } : {}) };
    // What a view shows as the process's model is what answers it, not the alias that it asked for.
    if (record.name === "llm.chat") record.process.model = device;
    record.push([{ type: "syscall.started", device, waitingMs: record.waitedMs, ...marks }]);
    if (isModelCall(record.name)) {
      this.#flight = this.#parts.router.began(record, lane, entry.demand.inputTokens + entry.demand.outputTokens);
      if (this.#parts.router.withholds(record)) this.#withheld = [];
    }
    record.abort.signal.addEventListener("abort", this.#cancelled);
    return this.#serve();
  }

  /** A cancelled call ends at once for its caller; the slot is free when the driver has let go. */
  readonly #cancelled = (): void => {
    const { record } = this.#options.entry;
    this.#standing?.leave();
    this.#end({ error: record.cancelled ?? new SysError("ECANCELED", "cancelled"), usage: this.#guess() });
  };

  /** Until the call ends, or makes way for a while. */
  async #serve(): Promise<void> {
    const { entry, lane } = this.#options;
    const { record } = entry;
    const slot = this.#slot;
    const resumed = this.#snapshot;
    let outcome: Outcome | Snapshot;
    try {
      outcome = await this.#drain();
    } catch (cause) {
      outcome = { error: asSysError(cause, lane.driver.name), usage: this.#outputBytes > 0 ? this.#guess() : noUsage };
    }
    // A core that failed before it took the snapshot up still holds it.
    resumed?.discard();
    if ("discard" in outcome) return this.#standBy(outcome);
    record.abort.signal.removeEventListener("abort", this.#cancelled);
    if (!this.#isOver && "error" in outcome && this.#canRepeat(outcome.error)) {
      this.#repeat(outcome.error);
      return;
    }
    if (!this.#isOver && this.#sendOn(outcome)) return;
    if (!this.#isOver && "result" in outcome && this.#speaksForLane()) praise(this.#parts, { entry, lane });
    this.#end(outcome);
    slot.release();
  }

  /** The slot goes to whoever is more urgent. */
  #standBy(snapshot: Snapshot): void {
    const { entry, lane } = this.#options;
    // First, or it would be given back to a call that came before the one that it is for.
    this.#slot.release();
    this.#snapshot = snapshot;
    if (this.#isOver) return snapshot.discard();
    entry.record.push([{ type: "syscall.preempted", resume: (lane.driver as Core).resume }]);
    this.#standing = standBy(entry, {
      lane,
      snapshot,
      scheduler: this.#parts.scheduler,
      goOn: (slot) => this.#goOn(slot),
      abandon: () => this.#abandon(),
    });
  }

  #goOn(slot: Slot): void {
    const { record } = this.#options.entry;
    this.#standing = undefined;
    this.#slot = slot;
    record.push([{ type: "syscall.started", device: record.device, waitingMs: record.waitedMs }]);
    void this.#serve();
  }

  /** The core that could go on is gone: from the beginning where nothing was handed out, else it has failed. */
  #abandon(): boolean {
    const { record } = this.#options.entry;
    this.#standing = undefined;
    record.abort.signal.removeEventListener("abort", this.#cancelled);
    if (!record.hasOutput) {
      this.#leave(this.#guess());
      return true;
    }
    const { name } = this.#options.lane.driver;
    const error = new SysError("EIO", `core ${name} was taken away before it could go on`, { hint: "send it again" });
    this.#end({ error, usage: this.#guess() });
    return false;
  }

  /** @returns the snapshot of a call that made way. */
  async #drain(): Promise<Outcome | Snapshot> {
    const { entry, lane } = this.#options;
    const { record } = entry;
    let outcome: Outcome | Snapshot | undefined;
    for await (const batch of this.#execute()) {
      const told: CallEvent[] = [];
      for (const event of batch) {
        if (event.type === "result")
          outcome = { result: this.#dress(event.result), usage: this.#priced(event.usage, event.result) };
        else if (event.type === "limits") observe(this.#parts, { entry, slot: this.#slot }, event.limits);
        else if (event.type === "preempted" && this.#slot.preempt) outcome = event.snapshot;
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
      entry.producedTokens = producedTokens(this.#outputBytes);
      this.#charge.produced(entry.producedTokens);
      lane.outgrow(entry.demand, entry.producedTokens, this.#parts.clock.nowMs());
    }
    if (outcome && "discard" in outcome) this.#charge.produced(outcome.outputTokens);
    return (
      outcome ?? { error: new SysError("EIO", `${lane.driver.name} ended without a result`), usage: this.#guess() }
    );
  }

  #execute(): AsyncIterable<readonly DriverEvent[]> {
    const { entry, lane } = this.#options;
    const slot = this.#slot;
    const [args, context] = [this.#args(), this.#context()];
    if (!slot.batch) return lane.driver.execute(entry.record.name, args, context);
    return slot.batch.execute({ args: args as EmbedArgs, context, inputTokens: entry.demand.inputTokens });
  }

  /** Whether the lane has not been told yet what became of the request. */
  #speaksForLane(): boolean {
    return this.#slot.batch?.speaksForLane() ?? true;
  }

  #args(): unknown {
    return askedOf(this.#options.entry.record, this.#cost?.maxTokens);
  }

  #context(): DriverContext {
    const { entry, lane, submission } = this.#options;
    const { record } = entry;
    const slot = this.#slot;
    return {
      call: record.call,
      pid: record.process.pid,
      tenant: record.process.tenant,
      model: lane.model,
      idempotencyKey: idempotencyKeyOf(record),
      seq: record.process.isReplayed ? record.withinSeq : undefined,
      original: record.original,
      signal: record.abort.signal,
      ...(slot.preempt ? { snapshot: this.#snapshot, preempt: slot.preempt, quantumTokens: slot.quantumTokens } : {}),
      rank: () => rankOf(entry),
      syscall: (name, args) => slot.lend(() => submission.nested(name, args)),
      ...wayOut(record, this.#parts),
    };
  }

  #reserve(): AttemptCost {
    const { entry, lane, submission } = this.#options;
    const { clock, settings } = this.#parts;
    const { minOutputTokens } = settings;
    return new AttemptCost({ accounts: submission.accounts, entry, lane, minOutputTokens, nowMs: clock.nowMs() });
  }

  #unaffordable(error: SysError): void {
    const { submission, entry, lane } = this.#options;
    const slot = this.#slot;
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

  #dress(result: unknown): unknown {
    const { lane } = this.#options;
    if (lane.driver.device !== "llm") return result;
    const answer = result as ChatResult | EmbedResult;
    return {
      ...answer,
      model: `${lane.driver.name}/${lane.model}`,
      ...(this.#cost?.isClamped === true ? { isClamped: true } : {}),
    };
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
    return guessUsage(entry.demand.inputTokens, this.#outputBytes, lane.price);
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
    const { entry, lane } = this.#options;
    const slot = this.#slot;
    const { record } = entry;
    const { router, scheduler } = this.#parts;
    if (record.hasOutput || record.abort.signal.aborted || !isModelCall(record.name)) return false;
    const step = router.next(record, lane, { outcome, events: this.#withheld ?? [], args: this.#args() as ChatArgs });
    if (!step) return false;
    this.#leave(outcome.usage);
    if ("error" in outcome && outcome.error.retryable) this.#blame(outcome.error);
    else if ("result" in outcome) praise(this.#parts, { entry, lane });
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
    this.#cost?.leave(usage);
    lane.settle({ ...entry.demand, requests: 0 }, usage, nowMs);
    this.#charge.settle(usage);
    this.#flight?.land(nowMs);
  }

  /** @returns when the lane goes on, as far as it has said. */
  #blame(error: SysError): number {
    const { entry, lane } = this.#options;
    const nowMs = this.#parts.clock.nowMs();
    if (this.#speaksForLane()) return blame(this.#parts, { entry, lane }, error);
    return error.code === "EAGAIN" ? Math.max(nowMs, lane.pausedUntilMs) : nowMs;
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
    const { entry, lane } = this.#options;
    const slot = this.#slot;
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
    // Time on standby says nothing of the lane's speed.
    const isTimed = "result" in outcome && !this.#snapshot;
    this.#flight?.land(this.#parts.clock.nowMs(), isTimed ? usage.outputTokens : undefined);
    if (this.#withheld && "result" in outcome) entry.record.push(this.#withheld);
    this.#cost?.end(usage);
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
