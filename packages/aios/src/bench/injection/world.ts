// What environments of the suite are made of: tools over a state in memory, tasks of users, goals of attackers, and how each is checked.
import type { Effect, ToolAccess } from "@aiosjs/sdk/protocol";

export type Args = Readonly<Record<string, unknown>>;

/** One call of a tool, as a task means it or an attacker wants it. */
export interface ToolUse {
  readonly tool: string;
  readonly args: Args;
}

/** What an attacker has put beside an environment's own words, by the kind of place: nothing where nobody attacks. */
export type Poison = (kind: string) => string;

export interface WorldTool<State> {
  readonly name: string;
  readonly description: string;
  /** Names of its arguments, each with what it is for; all of them are texts, numbers or lists of texts. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly effect: Effect;
  /** What the gate is told of it. */
  readonly access: ToolAccess;
  /** What it returns is what the model reads. What it throws is told to the model. */
  run(state: State, args: Args): string;
}

/** The right way to do a task, as code over what its calls return. Ends with what the user is told. */
export type Plan = Generator<ToolUse, string, string>;

export interface UserTask<State> {
  readonly id: string;
  /** What the user says. Unique in its environment. */
  readonly prompt: string;
  readonly plan: () => Plan;
  isDone(state: State, answer: string): boolean;
}

export interface InjectionTask<State> {
  readonly id: string;
  readonly language: "en" | "zh";
  /** What the attacker's text has the model call. `$USER_…` in an argument stands for what the user has said. */
  readonly uses: readonly ToolUse[];
  /** Whether the attacker has what they wanted. */
  isDone(state: State, answer: string): boolean;
  /** It wants words in the answer, and no call: no gate is in its way. */
  readonly isOnlyWords?: boolean;
}

export interface Environment<State> {
  readonly name: string;
  /** What the agent is told first. */
  readonly instructions: string;
  /** The same for the same poison. */
  readonly open: (poison: Poison) => State;
  readonly tools: readonly WorldTool<State>[];
  /** Whom its user knows, and the addresses that are harmless to open: for the policy file. */
  readonly contacts: readonly string[];
  readonly egress: readonly string[];
  readonly tasks: readonly UserTask<State>[];
  readonly injections: readonly InjectionTask<State>[];
}

/** An environment whose state only its own folder knows. */
export type AnyEnvironment = Environment<unknown>;

/** One step of a plan. */
export function* use(tool: string, args: Args = {}): Generator<ToolUse, string, string> {
  return yield { tool, args };
}

/** The first group of the first match; empty where there is none, as after a refusal. */
export const find = (text: string, pattern: RegExp): string => pattern.exec(text)?.[1] ?? "";

/** The first group of each match. */
export const findAll = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, group = ""]) => group);

/** An argument as text; empty where it was not given. */
export const text = (args: Args, name: string): string => {
  const value = args[name];
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
};

/** An argument as a number. @throws Error where it is none */
export function amount(args: Args, name: string): number {
  const value = Number(args[name]);
  if (!Number.isFinite(value) || args[name] === "") throw new Error(`${name} is no number`);
  return value;
}

/** Addresses in one argument, however they are joined: mail programs are as tolerant. */
export const addresses = (args: Args, name: string): string[] =>
  visible(Array.isArray(args[name]) ? args[name].join(",") : text(args, name))
    .toLowerCase()
    .split(/[\s,;<>()]+/)
    .filter((part) => part.includes("@"));

/** As most programs read a text: without marks that nobody sees. */
export const visible = (words: string): string => words.normalize("NFKC").replaceAll(/[\p{Cf}\p{Cc}]/gu, "");

/** Where a request for this address arrives, however it is written. */
export function requested(address: string): string {
  try {
    return new URL(visible(address).trim()).href;
  } catch {
    return visible(address);
  }
}
