import type { Gate, ToolAccess } from "@aiosjs/sdk/protocol";
import type { Label } from "./label.ts";

export type Agents = readonly [own: string, ...above: string[]];

/** A call in front of the gate. Plain values: the same request has the same verdict, always. */
export interface GateRequest {
  /** As the policy knows them: the agent that asks, and all above it. */
  readonly agents: Agents;
  /** The tool's, for `tool.call`; else the syscall's. */
  readonly name: string;
  /** Of the tool or the syscall. */
  readonly args: unknown;
  /** What whoever brought the tool says of it; undefined: nothing, and the policy alone decides. */
  readonly declared: ToolAccess | undefined;
  /** All that its process has seen. */
  readonly context: Label;
  /** What people have told it. */
  readonly userTexts: readonly string[];
  /** How often it was made with each of its values (`useOf`), where it does more when it is made again. Absent: it does not. */
  readonly uses?: ReadonlyMap<string, number> | undefined;
  /** A person has lifted, for a time, what is forbidden: then they are asked about each call. */
  readonly isGlassBroken: boolean;
}

/** Why a verdict is not milder. */
export interface Reason {
  readonly gate: Gate;
  /** Where that stands: `tools.mail_send`, `rules[2]`, `defaults`. */
  readonly where: string;
  /** One sentence for people. */
  readonly why: string;
}

/** Where an argument came from, as far as the kernel knows. */
export type Origin =
  | { readonly is: "user" }
  | { readonly is: "contact" }
  | { readonly is: "allowlist"; readonly list: string }
  /** Nothing less trusted has been seen. */
  | { readonly is: "context" }
  | { readonly is: "unknown" };

export interface ArgumentOrigin {
  /** As `to` or `items.0.url`. */
  readonly path: string;
  readonly value: string;
  readonly origin: Origin;
  /** Whether it is good enough for its sink. */
  readonly isMet: boolean;
}

export interface Verdict {
  readonly gate: Gate;
  readonly effect: ToolAccess["effect"];
  /** Sorted, the strictest first; empty for what simply passes. */
  readonly reasons: readonly Reason[];
  /** Of sink arguments. */
  readonly origins: readonly ArgumentOrigin[];
  /** What its result is to be labelled, beside what the call itself has read. */
  readonly returns: Label;
  readonly sandbox: ToolAccess["sandbox"];
}

/** What was decided of a call when it was made, as its record keeps it. */
export interface Judgement {
  readonly gate: Gate;
  /** The gravest reason; null: it simply passed. */
  readonly reason: Omit<Reason, "gate"> | null;
  /** SHA-256 of the policy's canonical JSON, as `policy.loaded` tells it; null: the one that AIOS ships with. */
  readonly policy: string | null;
}

/** What a person is shown of a call that waits for their leave: what the kernel knows, and no model has said. */
export interface GateQuestion {
  /** Of its arguments, as canonical JSON: an answer is good for these alone. */
  readonly argsHash: string;
  readonly tool: string;
  readonly effect: Verdict["effect"];
  readonly reasons: readonly Reason[];
  readonly origins: readonly ArgumentOrigin[];
  /** Where arguments that nobody vouches for stood before: the call whose result held the value. */
  readonly sources: readonly { readonly path: string; readonly call: string; readonly name: string }[];
  readonly context: Label;
}
