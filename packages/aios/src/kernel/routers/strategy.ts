import type { Lane } from "../lane.ts";
import type { RouterSettings } from "../ports.ts";
import type { LaneSpeeds } from "./lane-speeds.ts";
import type { OutcomeLog } from "./outcome-log.ts";
import type { QualityLedger } from "./quality-ledger.ts";

/** A lane that can serve the call, and what the call is estimated to take there. */
export interface Choice {
  readonly lane: Lane;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Until the call could go there, were it next after those who wait there already. */
  readonly waitMs: number;
}

/** Why a lane that could serve the call is not asked. */
export type LeftOutReason = "context" | "cooling" | "weight" | "slow" | "quality" | "price" | "unknown";

/** What a strategy went by; `aios llm route` shows it. */
export interface LaneFacts {
  waitMs?: number;
  /** Wait and answer. */
  expectedMs?: number;
  tokensInFlight?: number;
  /** Share of the calls, 0…1. */
  share?: number;
  quality?: number;
  /** Outcomes that the quality rests on. */
  neighbours?: number;
  costUsd?: number;
}

export interface Ranking {
  /** Lanes in which the call stands at once, the first choice first; a further group takes over where one has failed. */
  readonly groups: readonly (readonly Lane[])[];
  readonly leftOut: readonly { readonly lane: Lane; readonly why: LeftOutReason }[];
  readonly facts: ReadonlyMap<Lane, LaneFacts>;
}

/** What strategies see besides the choices. Nothing here changes by looking, so a dry run decides as a call would. */
export interface RouteView {
  /** Number of the call, for turns. */
  readonly turn: number;
  readonly tenant: string;
  readonly settings: RouterSettings;
  readonly speeds: LaneSpeeds;
  readonly outcomes: OutcomeLog;
  readonly ledger: QualityLedger;
  /** The request's vector, made when first asked for. */
  query(): Int8Array;
}

/** Orders the lanes of a call that leaves the model open, and may leave some out. */
export interface Strategy {
  readonly name: string;
  /** The next group is also asked when an answer has something visibly wrong. */
  readonly isChecked?: boolean;
  rank(choices: readonly Choice[], view: RouteView): Ranking;
}

/** `core/model`, as configuration and answers name it. */
export const modelName = ({ driver, model }: Lane): string => `${driver.name}/${model}`;
