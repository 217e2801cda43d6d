import { addUsage, SysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs, ChatResult, Errno, Usage } from "@aiosjs/sdk/protocol";
import type { Outcome } from "./submission.ts";
import { placeOf } from "./call-place.ts";
import type { CallRecord } from "./call-record.ts";
import type { Estimator } from "./estimate.ts";
import type { Lane } from "./lane.ts";
import type { LaneTable } from "./lane-table.ts";
import { promptSize } from "./model-call.ts";
import type { PromptSize } from "./model-call.ts";
import type { CallEvent, Clock, JournalRecord, KernelSettings } from "./ports.ts";
import { Route } from "./route.ts";
import { planRoute } from "./route-plan.ts";
import type { RoutePlan } from "./route.ts";
import { answerFault } from "./routers/answer-fault.ts";
import { optionsOf } from "./routers/cost-quality.ts";
import { embed } from "./routers/embedding.ts";
import { LaneSpeeds } from "./routers/lane-speeds.ts";
import type { Flight } from "./routers/lane-speeds.ts";
import { OutcomeLog } from "./routers/outcome-log.ts";
import type { CallOutcome } from "./routers/outcome-log.ts";
import { PromptAffinity, prefixBlocks } from "./routers/prompt-affinity.ts";
import { QualityLedger } from "./routers/quality-ledger.ts";
import { lastUserText } from "./routers/script.ts";
import { modelName } from "./routers/strategy.ts";
import { isTooLong } from "./routers/too-long.ts";

/** What another model may mend. EDQUOT here is the upstream's account; a budget of ours never comes so far. */
const MOVABLE: ReadonlySet<Errno> = new Set(["ENODEV", "EIO", "EAGAIN", "ENOENT", "ENOSYS", "EDQUOT", "ETIMEDOUT"]);
/** What says nothing about the model: the caller left, or asked what nobody can answer. */
const BLAMELESS: ReadonlySet<Errno> = new Set(["ECANCELED", "EINVAL", "E2BIG", "EAGAIN", "EDQUOT"]);

/** Strategies to which all models are alike: then the one that has read the prompt before is as good, and sooner. */
const ANY_MODEL: ReadonlySet<string> = new Set(["sequential", "least-busy", "latency"]);

interface RouterOptions {
  readonly lanes: LaneTable;
  readonly estimator: Estimator;
  readonly clock: Clock;
  readonly settings: () => KernelSettings;
  /** The journal's, for what was learned before. */
  readonly meta: ReadonlyMap<string, string>;
  readonly note: (record: JournalRecord) => void;
}

/** Which lanes a call stands in, and where it goes on when one has failed. What it learns is told by the attempts. */
export class Router {
  readonly #options: RouterOptions;
  readonly #speeds = new LaneSpeeds();
  readonly #ledger = new QualityLedger();
  readonly #affinity = new PromptAffinity();
  readonly outcomes = new OutcomeLog();
  #turn = 0;

  constructor(options: RouterOptions) {
    this.#options = options;
    this.outcomes.restore(options.meta);
  }

  /**
   * The lanes in which the call stands. Asked again, after a refresh or when a lane rests, it decides anew.
   * @throws SysError as `LaneTable.of`; E2BIG for a prompt that no allowed model can hold.
   */
  lanesOf(record: CallRecord): readonly Lane[] {
    const { lanes } = this.#options;
    if (record.name !== "llm.chat" && record.name !== "llm.embed") return lanes.of(record);
    const plan = this.plan(record.name, record.args as ChatArgs, {
      tenant: record.process.tenant,
      place: placeOf(record),
      size: (record.size ??= promptSize(record.name, record.args)),
    });
    this.#turn++;
    const route = new Route(plan, record.route);
    const isSimple = plan.stages.length === 1 && plan.stages[0]?.lanes.length === 1 && !isLearning(plan);
    record.route = isSimple ? undefined : route;
    return route.advance(record.attempts) ?? route.stage.lanes;
  }

  /** Of the lanes those that hold the prompt's beginning; of several models only where the strategy does not choose among them. Asked when the call is queued: it looks at who waits there. */
  near(record: CallRecord, lanes: readonly Lane[]): readonly Lane[] {
    const [first] = lanes;
    const plan = record.route?.plan;
    if (record.name !== "llm.chat" || !plan || !first || lanes.length === 1) return lanes;
    record.prefix ??= prefixBlocks(record.process.tenant, record.args as ChatArgs);
    const isChosen = plan.strategy !== undefined && !ANY_MODEL.has(plan.strategy);
    if (isChosen && lanes.some((lane) => modelName(lane) !== modelName(first))) return lanes;
    return this.#affinity.near(lanes, {
      blocks: record.prefix,
      waitMs: (lane) => plan.waitMs(lane),
      speeds: this.#speeds,
    });
  }

  /** What would be decided now. Changes nothing. */
  plan(
    name: "llm.chat" | "llm.embed",
    args: ChatArgs,
    who: { tenant: string; place: string; size: PromptSize },
  ): RoutePlan {
    const { lanes, estimator, clock } = this.#options;
    const settings = this.#options.settings();
    const { size } = who;
    let query: Int8Array | undefined;
    return planRoute(args.model, {
      syscall: name,
      args: name === "llm.chat" ? args : undefined,
      lanes,
      nowMs: clock.nowMs(),
      inputTokens: (lane) => estimator.inputTokens(lane.model, size.bytes) + size.tokens,
      outputTokens: name === "llm.chat" ? estimator.outputTokens(who.place, args.maxTokens) : 0,
      view: {
        turn: this.#turn,
        tenant: who.tenant,
        settings: settings.router,
        speeds: this.#speeds,
        outcomes: this.outcomes,
        ledger: this.#ledger,
        query: () => (query ??= embed(lastUserText(args))),
      },
    });
  }

  /** An attempt began on this lane. */
  began({ route, prefix }: CallRecord, lane: Lane, tokens: number): Flight {
    if (prefix) this.#affinity.keep(lane, prefix);
    if (route && isLearning(route.plan)) {
      const quality = route.plan.facts.get(lane)?.quality;
      if (quality !== undefined) this.#ledger.add(optionsOf(route.plan.facts), quality);
    }
    return this.#speeds.begin(lane, tokens, this.#options.clock.nowMs());
  }

  /** Whether an answer is looked at before anything of it is handed out. */
  withholds({ route }: CallRecord): boolean {
    return route !== undefined && route.plan.isChecked && route.hasNext;
  }

  /** A further attempt in this stage would be one too many. */
  isWornOut({ route, attempts }: CallRecord, maxAttempts: number): boolean {
    return attempts - (route?.attemptsBefore ?? 0) >= maxAttempts;
  }

  /** Counts a refusal of the upstream: true when it was one too many, and another stage is there. */
  tiresOf({ route }: CallRecord, maxAttempts: number): boolean {
    return route !== undefined && ++route.refusals >= maxAttempts && route.hasNext;
  }

  /** Where a call that is tried again stands: in its stage's lanes, but not where it just broke, if there is another. */
  retryLanes({ route }: CallRecord, lane: Lane, { code }: SysError): readonly Lane[] | undefined {
    const open = route?.stage.lanes.filter((one) => !route.failed.has(one)) ?? [];
    const others = code === "EAGAIN" ? open : open.filter((one) => one !== lane);
    return others.length > 0 ? others : undefined;
  }

  /** Where a call stands that is tried again in these lanes: while all of them rest, in a later stage that does not. */
  awake({ route, attempts }: CallRecord, lanes: readonly Lane[]): readonly Lane[] {
    const nowMs = this.#options.clock.nowMs();
    if (!route || lanes.some((lane) => !lane.isResting(nowMs))) return lanes;
    return route.skip(attempts, nowMs) ?? lanes;
  }

  /** The other lanes of a call that this one cannot take as a matter of accounting. */
  without({ route, attempts }: CallRecord, lane: Lane): readonly Lane[] | undefined {
    route?.failed.add(lane);
    return route?.advance(attempts);
  }

  /** Where a call goes on that got no answer to hand out: after a visibly bad one, or an error that another model may not have. */
  next(
    record: CallRecord,
    lane: Lane,
    { outcome, events, args }: { outcome: Outcome; events: readonly CallEvent[]; args: ChatArgs },
  ): Step | undefined {
    const { route, attempts } = record;
    if (!route) return undefined;
    if ("error" in outcome) {
      const lanes = onward(route, { attempts, lane, error: outcome.error });
      if (lanes) this.#learn(record, lane, { outcome, args });
      return lanes && { lanes, why: { code: outcome.error.code, detail: outcome.error.message } };
    }
    const { result, usage } = outcome;
    const fault = this.withholds(record) && answerFault(args, result as ChatResult, usage);
    if (!fault) return undefined;
    for (const one of route.stage.lanes) route.failed.add(one);
    const lanes = route.advance(attempts);
    if (!lanes) return undefined;
    route.spent = addUsage(route.spent, wasted(usage));
    route.withheld = { result, events, usage };
    return { lanes, why: { code: "escalated", detail: `the answer of ${modelName(lane)} was withheld: ${fault}` } };
  }

  /** The last outcome as the caller gets it: with what withheld answers have cost, or one of them where nothing better came. */
  ended(record: CallRecord, lane: Lane, { outcome, args }: { outcome: Outcome; args: ChatArgs }): Outcome {
    const { route } = record;
    this.#learn(record, lane, { outcome, args });
    if ("error" in outcome && route?.withheld && !record.cancelled) {
      const { result, events, usage } = route.withheld;
      record.push(events);
      const spent = addUsage(route.spent, outcome.usage);
      const wastedTokens = spent.wastedTokens - wasted(usage).wastedTokens;
      return { result, usage: { ...spent, wastedTokens } };
    }
    const usage = route ? addUsage(route.spent, outcome.usage) : outcome.usage;
    if ("result" in outcome) return { ...outcome, usage };
    return { error: record.name === "llm.chat" ? tooLong(outcome.error, lane) : outcome.error, usage };
  }

  /** Keeps how a call went, where the strategy learns from it. */
  #learn(record: CallRecord, lane: Lane, { outcome, args }: { outcome: Outcome; args: ChatArgs }): void {
    const { route, call, attempts } = record;
    if (!route || !isLearning(route.plan) || record.name !== "llm.chat") return;
    if ("error" in outcome && BLAMELESS.has(outcome.error.code)) return;
    const isGood = "result" in outcome && !answerFault(args, outcome.result as ChatResult, outcome.usage);
    this.keep({
      // A model that failed before another answered is an outcome of its own; what is rated is the answer.
      call: "error" in outcome ? `${call}#${attempts}` : call,
      tenant: record.process.tenant,
      model: modelName(lane),
      query: route.plan.query(),
      seen: isGood ? 1 : 0,
      rated: undefined,
      outputTokens: "result" in outcome ? outcome.usage.outputTokens : 0,
    });
  }

  /** Into the log and the journal. */
  keep(outcome: CallOutcome): void {
    this.#options.note({ kind: "meta", ...this.outcomes.keep(outcome) });
  }
}

interface Step {
  readonly lanes: readonly Lane[];
  /** For the event that tells of it. */
  readonly why: { readonly code: string; readonly detail: string };
}

const isLearning = ({ strategy }: RoutePlan): boolean => strategy === "cost-quality";

const wasted = (usage: Usage): Usage => ({ ...usage, wastedTokens: usage.inputTokens + usage.outputTokens });

/** Lanes that take over a call which can no longer succeed where it is. A prompt that was too long goes to where more fits. */
function onward(
  route: Route,
  { attempts, lane, error }: { attempts: number; lane: Lane; error: SysError },
): readonly Lane[] | undefined {
  const isLong = isTooLong(error);
  if (!isLong && !MOVABLE.has(error.code)) return undefined;
  route.failed.add(lane);
  const limit = lane.spec.contextTokens ?? 0;
  if (isLong)
    for (const one of route.plan.stages.flatMap(({ lanes }) => lanes))
      if ((one.spec.contextTokens ?? Number.POSITIVE_INFINITY) <= limit) route.failed.add(one);
  return route.advance(attempts);
}

/** An upstream's refusal for length: one code whatever it said, and the limit by name. */
function tooLong(error: SysError, lane: Lane): SysError {
  if (!isTooLong(error)) return error;
  const limit = lane.spec.contextTokens;
  const room = limit === undefined ? "" : `${modelName(lane)} has a context of ${limit} tokens: `;
  return new SysError("E2BIG", error.message, {
    cause: error,
    hint: `${room}shorten the messages, or name a model with a larger context in llms.router.fallbacks`,
  });
}
