import { noUsage } from "@aiosjs/sdk/protocol";
import type { Usage } from "@aiosjs/sdk/protocol";
import type { Lane } from "./lane.ts";
import type { CallEvent } from "./ports.ts";
import type { LaneFacts, LeftOutReason } from "./routers/strategy.ts";

/** Why a call comes to a stage: the model was asked for, chosen, ruled by language, took over from another, or was asked after a bad answer. */
export type StageReason = "asked" | "strategy" | "rule" | "fallback" | "escalation";

/** Lanes in which a call stands at once: the first one that is free takes it, in this order where several are. */
export interface Stage {
  readonly because: StageReason;
  readonly lanes: readonly Lane[];
}

/** What was decided for a call when it came. */
export interface RoutePlan {
  /** The strategy that ordered the first stage; `undefined` where the model was asked for by name. */
  readonly strategy: string | undefined;
  readonly stages: readonly Stage[];
  /** The stage to begin with: earlier ones rest. */
  readonly start: number;
  readonly leftOut: readonly { readonly name: string; readonly why: LeftOutReason }[];
  readonly facts: ReadonlyMap<Lane, LaneFacts>;
  /** An answer with something visibly wrong goes on to the next stage. */
  readonly isChecked: boolean;
  readonly inputTokens: number;
  /** Until a call could go there, were it next after those who wait there already. */
  waitMs(lane: Lane): number;
  /** The request's vector, made when first asked for. */
  query(): Int8Array;
}

/** An answer that was withheld because something is visibly wrong with it. */
interface Withheld {
  readonly result: unknown;
  readonly events: readonly CallEvent[];
  /** What it cost. */
  readonly usage: Usage;
}

/** A call's way through its stages. */
export class Route {
  readonly plan: RoutePlan;
  /** The present stage. */
  at: number;
  /** Attempts before this stage began. */
  attemptsBefore = 0;
  /** 429s in this stage. */
  refusals = 0;
  /** Lanes that could not serve it. */
  readonly failed = new Set<Lane>();
  /** Of answers that were paid for and not handed out. */
  spent: Usage = noUsage;
  /** The last of them: better than none, should the next model fail. */
  withheld: Withheld | undefined;

  /** `before`: the route that this one replaces, after a refresh or because a lane rests. */
  constructor(plan: RoutePlan, before?: Route) {
    this.plan = plan;
    this.at = plan.start;
    if (!before) return;
    for (const lane of before.failed) this.failed.add(lane);
    this.spent = before.spent;
    this.withheld = before.withheld;
    this.attemptsBefore = before.attemptsBefore;
  }

  get stage(): Stage {
    return this.plan.stages[this.at] as Stage;
  }

  /** Lanes that have not failed: of the present stage, else of the next one that has any; then that is the present one. */
  advance(attempts: number): readonly Lane[] | undefined {
    for (let at = this.at; at < this.plan.stages.length; at++) {
      const lanes = this.plan.stages[at]?.lanes.filter((lane) => !this.failed.has(lane)) ?? [];
      if (lanes.length === 0) continue;
      this.#enter(at, attempts);
      return lanes;
    }
    return undefined;
  }

  /** The same of lanes that do not rest, in a later stage. */
  skip(attempts: number, nowMs: number): readonly Lane[] | undefined {
    for (let at = this.at + 1; at < this.plan.stages.length; at++) {
      const lanes = this.plan.stages[at]?.lanes.filter((lane) => !this.failed.has(lane)) ?? [];
      if (lanes.every((lane) => lane.isResting(nowMs))) continue;
      this.#enter(at, attempts);
      return lanes;
    }
    return undefined;
  }

  get hasNext(): boolean {
    return this.plan.stages.slice(this.at + 1).some(({ lanes }) => lanes.some((lane) => !this.failed.has(lane)));
  }

  #enter(at: number, attempts: number): void {
    this.at = at;
    this.attemptsBefore = attempts;
    this.refusals = 0;
  }
}
