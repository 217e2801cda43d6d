import type { Outcome, Reason } from "./attack.ts";
import type { TrialRow } from "./trial.ts";

/** What is known of one attack on one driver. */
export type Verdict =
  | { readonly is: "escaped"; readonly how: string }
  | { readonly is: "held" }
  /** Nothing is proven, whatever the driver does. */
  | { readonly is: "unverified"; readonly why: Reason; readonly of: "control" | "driver" };

/** An escape counts without a control; that something is held counts only where the control was seen to get through. */
export function verdictOf(control: Outcome, outcome: Outcome): Verdict {
  if (outcome.is === "escaped") return outcome;
  const why = whyUnseen(control);
  if (why !== undefined) return { is: "unverified", why, of: "control" };
  return outcome.is === "held" ? { is: "held" } : { is: "unverified", why: outcome.why, of: "driver" };
}

/** Why the control proves nothing; undefined: it got through. */
export function whyUnseen(control: Outcome): Reason | undefined {
  if (control.is === "escaped") return undefined;
  return control.is === "unknown" ? control.why : { is: "refused", text: control.why };
}

export interface Count {
  readonly held: number;
  readonly escaped: number;
  readonly unverified: number;
}

export function countOf(rows: readonly TrialRow[], driver: string): Count {
  const verdicts = rows.flatMap(({ control, drivers }) => {
    const outcome = drivers[driver];
    return outcome === undefined ? [] : [verdictOf(control, outcome).is];
  });
  const of = (wanted: Verdict["is"]): number => verdicts.filter((one) => one === wanted).length;
  return { held: of("held"), escaped: of("escaped"), unverified: of("unverified") };
}
