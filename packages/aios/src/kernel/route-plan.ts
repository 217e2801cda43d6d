import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs } from "@aiosjs/sdk/protocol";
import type { Lane } from "./lane.ts";
import type { LaneTable } from "./lane-table.ts";
import type { ModelSyscall } from "./ports.ts";
import type { RoutePlan, Stage, StageReason } from "./route.ts";
import { lastUserText, scriptOf } from "./routers/script.ts";
import { modelName } from "./routers/strategy.ts";
import type { Choice, LeftOutReason, Ranking, RouteView } from "./routers/strategy.ts";
import { strategies } from "./routers/table.ts";

/** An estimate refuses a prompt only when it is so many times too long: bytes tell tokens no better than that. */
const ESTIMATE_ERROR = 2;

export interface PlanOptions {
  readonly syscall: ModelSyscall;
  /** Of a chat. */
  readonly args: ChatArgs | undefined;
  readonly lanes: LaneTable;
  readonly nowMs: number;
  readonly inputTokens: (lane: Lane) => number;
  readonly outputTokens: number;
  readonly view: RouteView;
}

/**
 * Stages of a call: its model, or what rule and strategy choose; then the fallbacks. Models whose context is too small
 * are left out where another fits, lanes that rest where another can serve.
 * @throws SysError as `LaneTable.ofModel`; E2BIG for a prompt that no allowed model can hold, with their limits.
 */
export function planRoute(name: string, options: PlanOptions): RoutePlan {
  const { lanes, syscall, view } = options;
  const asked = syscall === "llm.chat" ? lanes.choicesOf(name, syscall) : oneModel(lanes.choicesOf(name, syscall));
  const leftOut: { name: string; why: LeftOutReason }[] = [];
  const leaveOut = (lane: Lane, why: LeftOutReason): void => void leftOut.push({ name: lane.id, why });
  const found = (names: readonly string[]): Lane[] =>
    names.flatMap((one) => {
      try {
        return lanes.ofNamed(one, syscall);
      } catch (cause) {
        if (!isSysError(cause)) throw cause;
        leftOut.push({ name: one, why: "unknown" });
        return [];
      }
    });
  const ruled = asked.isAuto ? found(ruleOf(options)) : [];
  const fitting = fit(asked.lanes, options);
  const awake = asked.isOpen ? preferred(fitting.kept, (lane) => !lane.isResting(options.nowMs)) : all(fitting.kept);
  for (const lane of fitting.dropped) leaveOut(lane, "context");
  for (const lane of awake.dropped) leaveOut(lane, "cooling");

  const ranking = asked.isOpen ? rank(awake.kept, options) : asIs(awake.kept);
  for (const { lane, why } of ranking.leftOut) leaveOut(lane, why);
  const stages: Stage[] = [];
  const placed = new Set<Lane>();
  const place = (because: StageReason, some: readonly Lane[]): void => {
    const fresh = some.filter((lane) => !placed.has(lane));
    for (const lane of fresh) placed.add(lane);
    if (fresh.length > 0) stages.push({ because, lanes: fresh });
  };
  const strategy = asked.isOpen ? strategies[view.settings.strategy] : undefined;
  place("rule", ruled);
  for (const [index, group] of ranking.groups.entries())
    place(ruled.length > 0 ? "fallback" : !asked.isOpen ? "asked" : index === 0 ? "strategy" : "escalation", group);
  for (const one of fallbacksOf(name, stages, view)) {
    const { kept, dropped } = fit(found([one]), options);
    for (const lane of dropped) leaveOut(lane, "context");
    place("fallback", kept);
  }
  refuseTooLong(stages, options);
  const isAwake = ({ lanes: some }: Stage): boolean => some.some((lane) => !lane.isResting(options.nowMs));
  return {
    strategy: strategy?.name,
    stages,
    // A stage of which all rests is skipped where a later one does not, and skipping is no worse than failing: not a check.
    start: Math.max(
      0,
      stages.findIndex((stage) => isAwake(stage) && fits(stage.lanes, options)),
    ),
    leftOut,
    facts: ranking.facts,
    isChecked: strategy?.isChecked === true && ruled.length === 0,
    waitMs: (lane) => choiceOf(lane, options).waitMs,
    query: () => view.query(),
    inputTokens: stages[0]?.lanes[0] ? options.inputTokens(stages[0].lanes[0]) : 0,
  };
}

/** Vectors of two models cannot be compared: of several the first, at whatever endpoint. */
function oneModel({ lanes }: ReturnType<LaneTable["choicesOf"]>): ReturnType<LaneTable["choicesOf"]> {
  const [first] = lanes;
  const same = lanes.filter((lane) => first && modelName(lane) === modelName(first));
  return { lanes: same, isOpen: false, isAuto: false };
}

function rank(lanes: readonly Lane[], options: PlanOptions): Ranking {
  const choices = lanes.map((lane): Choice => choiceOf(lane, options));
  return strategies[options.view.settings.strategy].rank(choices, options.view);
}

/** Nothing is weighed, so nothing is worked out. */
const asIs = (lanes: readonly Lane[]): Ranking => ({ groups: [lanes], leftOut: [], facts: new Map() });

function choiceOf(lane: Lane, { inputTokens, outputTokens, nowMs, view }: PlanOptions): Choice {
  const input = inputTokens(lane);
  const demand = { requests: 1, memoryTokens: 0, inputTokens: input, outputTokens };
  const isFull = lane.running >= lane.concurrency || lane.queue.size > 0;
  const serviceMs = isFull ? (view.speeds.expectedMs(lane, outputTokens) ?? 0) : 0;
  const perMinute = lane.buckets.get("requests")?.perMinute;
  const pacedMs = perMinute === undefined ? 0 : (lane.queue.size * 60_000) / perMinute;
  const slotMs = ((lane.queue.size + 1) * serviceMs) / lane.concurrency;
  return {
    lane,
    inputTokens: input,
    outputTokens,
    waitMs: Math.max(lane.idleWaitMs(demand, nowMs) + pacedMs, isFull ? slotMs : 0),
  };
}

function ruleOf({ args, view }: PlanOptions): string[] {
  const { rules } = view.settings;
  if (!args || rules.length === 0) return [];
  const script = scriptOf(lastUserText(args));
  const rule = rules.find(({ lang }) => lang === script);
  return rule ? [rule.model] : [];
}

/** By the name that was asked for, then by the models that serve it. */
function fallbacksOf(name: string, stages: readonly Stage[], { settings }: RouteView): string[] {
  const names = [name, ...stages.flatMap(({ lanes }) => lanes.map(modelName))];
  return [...new Set(names)].flatMap((one) => settings.fallbacks[one] ?? []);
}

/** Those that satisfy `isFit`, unless none does. */
function preferred(
  lanes: readonly Lane[],
  isFit: (lane: Lane) => boolean,
): { kept: readonly Lane[]; dropped: readonly Lane[] } {
  const kept = lanes.filter(isFit);
  return kept.length === 0 ? all(lanes) : { kept, dropped: lanes.filter((lane) => !isFit(lane)) };
}

const all = (lanes: readonly Lane[]): { kept: readonly Lane[]; dropped: readonly Lane[] } => ({
  kept: lanes,
  dropped: [],
});

const roomOf = (lane: Lane): number => lane.spec.contextTokens ?? Number.POSITIVE_INFINITY;

const fits = (lanes: readonly Lane[], { inputTokens }: PlanOptions): boolean =>
  lanes.some((lane) => inputTokens(lane) < roomOf(lane));

/** Lanes whose context holds the prompt; where none does, the largest: the estimate may be wrong. */
function fit(lanes: readonly Lane[], options: PlanOptions): { kept: readonly Lane[]; dropped: readonly Lane[] } {
  if (fits(lanes, options)) return preferred(lanes, (lane) => options.inputTokens(lane) < roomOf(lane));
  const largest = Math.max(...lanes.map(roomOf));
  return preferred(lanes, (lane) => roomOf(lane) === largest);
}

function refuseTooLong(stages: readonly Stage[], options: PlanOptions): void {
  const lanes = stages.flatMap((stage) => stage.lanes);
  if (lanes.some((lane) => options.inputTokens(lane) < roomOf(lane) * ESTIMATE_ERROR)) return;
  const limits = [...new Map(lanes.map((lane) => [modelName(lane), roomOf(lane)]))];
  const tokens = lanes[0] ? options.inputTokens(lanes[0]) : 0;
  throw new SysError(
    "E2BIG",
    `the prompt has about ${tokens} tokens, and the context of ${limits.map(([model, room]) => `${model} is ${room}`).join(", of ")}`,
    { hint: "shorten the messages, or name a model with a larger context in llms.router.fallbacks" },
  );
}
