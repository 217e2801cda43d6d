// One registry of commands as plain data: it loads nothing, so that `aios --version` starts at once, and everything
// about the command line (parser, help, completion, JSON Schema, reference pages) is derived from it.
import type { CommandContext } from "./context.ts";
import { approveRows } from "./rows/approve.ts";
import { auditRows } from "./rows/audit.ts";
import { budgetRows } from "./rows/budget.ts";
import { cronRows } from "./rows/cron.ts";
import { configRows } from "./rows/config.ts";
import { debugRows } from "./rows/debug.ts";
import { fsDoRows } from "./rows/fs-do.ts";
import { fsMountRows } from "./rows/fs-mount.ts";
import { fsShareRows } from "./rows/fs-share.ts";
import { fsRows } from "./rows/fs.ts";
import { groupRows } from "./rows/group.ts";
import { kernelRows } from "./rows/kernel.ts";
import { labsRows } from "./rows/labs.ts";
import { llmRows } from "./rows/llm.ts";
import { memRows } from "./rows/mem.ts";
import { metaRows } from "./rows/meta.ts";
import { oldRows } from "./rows/old-names.ts";
import { policyRows } from "./rows/policy.ts";
import { processRows } from "./rows/process.ts";
import { runRows } from "./rows/run.ts";
import { sandboxRows } from "./rows/sandbox.ts";
import { secretRows } from "./rows/secret.ts";
import { watchRows } from "./rows/watch.ts";
import { stateRows } from "./rows/state.ts";
import { topicRows } from "./rows/topic.ts";
import type { Text } from "./text.ts";

export type GroupName =
  | "kernel"
  | "process"
  | "run"
  | "memory"
  | "files"
  | "llm"
  | "policy"
  | "budget"
  | "config"
  | "labs"
  | "meta";

/** What a value is made of; it is parsed and checked before the command runs. */
export type ValueKind = "text" | "integer" | "number";

export interface ArgumentSpec {
  readonly name: string;
  /** Default: text. */
  readonly kind?: ValueKind;
  readonly isOptional?: boolean;
  /** Takes all that follows; only the last argument can. */
  readonly isVariadic?: boolean;
  readonly choices?: readonly string[];
  readonly summary: Text;
}

export interface OptionSpec {
  /** camelCase; on the command line `--kebab-case`. */
  readonly name: string;
  readonly short?: string;
  /** `flag` takes no value; `list` may come several times. */
  readonly kind: "flag" | "list" | ValueKind;
  /** What the help calls the value. */
  readonly value?: string;
  /** The flag as it is written where it is not the name in kebab-case (old names such as `--agent_author`). */
  readonly flag?: string;
  readonly choices?: readonly string[];
  readonly default?: string | number;
  readonly min?: number;
  readonly max?: number;
  readonly summary: Text;
}

export interface CommandModule {
  /** Returns the exit code; nothing means 0. Throws SysError or CliError for people. */
  run(context: CommandContext): Promise<number | void>;
}

export interface CommandRow {
  /** The words after `aios`: "config get". */
  readonly path: string;
  readonly group: GroupName;
  readonly effect: "read" | "write" | "danger";
  readonly summary: Text;
  /** More than one sentence, for `--help`. */
  readonly details?: Text;
  readonly examples?: readonly string[];
  readonly args?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  /** Whole other paths that mean the same. */
  readonly aliases?: readonly string[];
  /** What comes after `--` is handed on untouched, as `context.rest`. */
  readonly hasRest?: boolean;
  /** Left out of the listings: old names. */
  readonly isHidden?: boolean;
  readonly load: () => Promise<CommandModule>;
}

export const commands = [
  ...kernelRows,
  ...watchRows,
  ...processRows,
  ...sandboxRows,
  ...runRows,
  ...cronRows,
  ...debugRows,
  ...topicRows,
  ...stateRows,
  ...memRows,
  ...fsRows,
  ...fsDoRows,
  ...fsMountRows,
  ...fsShareRows,
  ...llmRows,
  ...approveRows,
  ...auditRows,
  ...policyRows,
  ...groupRows,
  ...budgetRows,
  ...configRows,
  ...secretRows,
  ...labsRows,
  ...metaRows,
  ...oldRows,
] as const satisfies readonly CommandRow[];

/** Every command understands these. */
export const globalOptions = [
  {
    name: "json",
    kind: "flag",
    summary: {
      en: "print one JSON envelope {ok, data, error, meta}",
      zh: "输出一个 JSON 信封 {ok, data, error, meta}",
    },
  },
  { name: "jsonl", kind: "flag", summary: { en: "print one JSON value per line", zh: "每行输出一个 JSON 值" } },
  {
    name: "quiet",
    short: "q",
    kind: "flag",
    summary: { en: "print the result only, no chatter", zh: "只输出结果，不输出提示" },
  },
  {
    name: "home",
    kind: "text",
    value: "DIR",
    summary: { en: "the AIOS home to work on (AIOS_HOME)", zh: "要使用的 AIOS 主目录（AIOS_HOME）" },
  },
  {
    name: "lang",
    kind: "text",
    choices: ["en", "zh"],
    summary: { en: "language of the messages", zh: "消息的语言" },
  },
] as const satisfies readonly OptionSpec[];

type Row = (typeof commands)[number];
type CommandPath = Row["path"];

type BaseOf<Kind> = Kind extends "flag" ? boolean : Kind extends "list" ? readonly string[] : ScalarOf<Kind>;
type ScalarOf<Kind> = Kind extends "integer" | "number" ? number : string;
type ChoiceOf<Spec, Base> = Spec extends { choices: readonly (infer Choice)[] }
  ? Base extends readonly string[]
    ? readonly Choice[]
    : Choice
  : Base;
type IsAlwaysThere<Spec> = Spec extends { kind: "flag" | "list" }
  ? true
  : Spec extends { default: unknown }
    ? true
    : false;

type ArgumentValue<Spec> = Spec extends { isVariadic: true }
  ? readonly string[]
  : ChoiceOf<Spec, Spec extends { kind: infer Kind } ? ScalarOf<Kind> : string>;

type ArgumentsOf<R> = R extends { args: readonly (infer Spec)[] }
  ? {
      readonly [S in Spec as S extends { name: infer Name extends string } ? Name : never]:
        | ArgumentValue<S>
        | (S extends { isVariadic: true } ? never : S extends { isOptional: true } ? undefined : never);
    }
  : Record<never, never>;

type OptionsOf<R> = R extends { options: readonly (infer Spec)[] }
  ? {
      readonly [S in Spec as S extends { name: infer Name extends string } ? Name : never]:
        | ChoiceOf<S, BaseOf<S extends { kind: infer Kind } ? Kind : never>>
        | (IsAlwaysThere<S> extends true ? never : undefined);
    }
  : Record<never, never>;

/** The context of one command: its arguments and options typed from its row. */
export type ContextOf<Path extends CommandPath> = Omit<CommandContext, "args" | "options"> & {
  readonly args: ArgumentsOf<Extract<Row, { path: Path }>>;
  readonly options: OptionsOf<Extract<Row, { path: Path }>>;
};

/** `--budget-usd` of `budgetUsd`. */
export const flagOf = (option: OptionSpec): string =>
  option.flag ?? `--${option.name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
