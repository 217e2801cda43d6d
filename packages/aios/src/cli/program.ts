import { Argument, Command, Option } from "commander";
import { nearest } from "../config/nearest.ts";
import { CliError, usage } from "./cli-error.ts";
import { locate } from "./locate.ts";
import { commonText } from "./messages/common.ts";
import type { ArgumentSpec, CommandRow, OptionSpec } from "./registry.ts";
import { commands, flagOf, globalOptions } from "./registry.ts";
import type { Lang } from "./text.ts";
import { translate } from "./text.ts";
import { parseArgument, parseOption } from "./values.ts";

/** What the user asked for, taken apart and checked. */
export interface Invocation {
  readonly row: CommandRow;
  readonly args: Readonly<Record<string, unknown>>;
  readonly options: Readonly<Record<string, unknown>>;
  readonly rest: readonly string[];
}

/** Help was asked for instead: of all commands (`helpOn` ""), of a family ("config") or of one command. */
export interface HelpRequest {
  readonly helpOn: string;
}

/**
 * Takes the command line apart. Only the command that was named becomes a commander command: building all of them
 * would cost each start several milliseconds.
 * @throws CliError of usage, in the user's language.
 */
export function parseCommandLine(argv: readonly string[], lang: Lang): Invocation | HelpRequest {
  const { row, family, words } = locate(argv, commands);
  const own = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  const isHelpWanted = own.includes("--help") || own.includes("-h");
  if (!row) {
    const [wrong] = words;
    const isOption = wrong?.startsWith("-") === true && wrong !== "--help" && wrong !== "-h";
    if (wrong === undefined || (isHelpWanted && !isOption)) return { helpOn: family };
    if (isOption) throw unknownOption(wrong, undefined, lang);
    throw unknownCommand(`${family} ${wrong}`.trim(), lang);
  }
  if (isHelpWanted) return { helpOn: row.path };

  const command = new Command(row.path)
    .exitOverride()
    .configureOutput({ writeErr: () => {}, outputError: () => {} })
    .helpOption(false)
    .showSuggestionAfterError(false)
    .allowExcessArguments(false);
  for (const option of optionsOf(row)) command.addOption(commanderOption(option));
  for (const argument of row.args ?? []) command.addArgument(commanderArgument(argument, row));
  if (row.hasRest) command.allowExcessArguments();
  try {
    command.parse([...words], { from: "user" });
  } catch (error) {
    throw usageErrorOf(error, row, lang);
  }
  const afterDashes = words.includes("--") ? words.length - words.indexOf("--") - 1 : 0;
  return invocationOf(row, command, { lang, afterDashes });
}

const optionsOf = (row: CommandRow | undefined): readonly OptionSpec[] => [...(row?.options ?? []), ...globalOptions];

function commanderOption(option: OptionSpec): Option {
  const { kind, short } = option;
  const made = new Option(`${short ? `-${short}, ` : ""}${flagOf(option)}${kind === "flag" ? "" : " <value>"}`);
  // Else commander would take `--no-test` for the end of a flag `test` that holds by default.
  made.negate = false;
  if (kind === "list") made.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
  return made;
}

function commanderArgument(argument: ArgumentSpec, row: CommandRow): Argument {
  const name = `${argument.name}${argument.isVariadic ? "..." : ""}`;
  // Where the words may follow "--" instead, commander must not insist: `invocationOf` does.
  return new Argument(argument.isOptional || row.hasRest ? `[${name}]` : `<${name}>`);
}

function invocationOf(
  row: CommandRow,
  command: Command,
  { lang, afterDashes }: { lang: Lang; afterDashes: number },
): Invocation {
  const raw: Readonly<Record<string, unknown>> = command.opts();
  const options: Record<string, unknown> = {};
  for (const option of optionsOf(row))
    options[option.name] = parseOption(option, raw[commanderOption(option).attributeName()], lang);

  const cut = row.hasRest ? command.args.length - afterDashes : command.args.length;
  const words = command.args.slice(0, cut);
  const rest = command.args.slice(cut);
  const args: Record<string, unknown> = {};
  for (const [index, argument] of (row.args ?? []).entries()) {
    const value = argument.isVariadic ? words.slice(index) : words[index];
    const isMissing = value === undefined || value.length === 0;
    if (row.hasRest && rest.length === 0 && !argument.isOptional && isMissing) throw missing(row, argument.name, lang);
    args[argument.name] = parseArgument(argument, value, lang);
  }
  const taken = row.args?.at(-1)?.isVariadic ? Infinity : (row.args?.length ?? 0);
  if (words.length > taken) throw tooMany(row, lang);
  return { row, args, options, rest };
}

const seeHelp = (row: CommandRow | undefined, lang: Lang) =>
  row ? translate(lang, commonText.seeHelp, { path: row.path }) : translate(lang, commonText.seeAllHelp);

const tooMany = (row: CommandRow, lang: Lang) =>
  new CliError(usage, translate(lang, commonText.tooMany, { path: row.path }), { hint: seeHelp(row, lang) });

const missing = (row: CommandRow, name: string, lang: Lang) =>
  new CliError(usage, translate(lang, commonText.missingArgument, { path: row.path, name: name.toUpperCase() }), {
    hint: seeHelp(row, lang),
  });

function unknownOption(name: string, row: CommandRow | undefined, lang: Lang): CliError {
  const near = nearest(name, [...optionsOf(row).map(flagOf), "--help"]);
  const command = row ? `aios ${row.path}` : "aios";
  return new CliError(usage, translate(lang, commonText.unknownOption, { name, command }), {
    hint: near ? translate(lang, commonText.didYouMean, { name: near }) : seeHelp(row, lang),
  });
}

/** What other tools call it. */
const otherWords: ReadonlyMap<string, string> = new Map([
  ["init", "up"],
  ["serve", "up"],
  ["chat", "exec"],
  ["ask", "exec"],
  ["models", "llm ls"],
  ["llm models", "llm ls"],
  ["usage", "llm usage"],
]);

export function unknownCommand(name: string, lang: Lang): CliError {
  const paths = (commands as readonly CommandRow[]).flatMap(({ path, aliases }) => [path, ...(aliases ?? [])]);
  const families = paths.filter((path) => path.includes(" ")).map((path) => path.split(" ")[0]!);
  const near = otherWords.get(name) ?? nearest(name, [...paths, ...families]);
  return new CliError(usage, translate(lang, commonText.unknownCommand, { name }), {
    hint: near
      ? translate(lang, commonText.didYouMean, { name: `aios ${near}` })
      : translate(lang, commonText.seeAllHelp),
  });
}

/** Commander's errors in our words; the name of what was wrong stands between quotes in its message. */
function usageErrorOf(error: unknown, row: CommandRow, lang: Lang): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  const name = /'([^']*)'/.exec(error.message)?.[1] ?? "";
  switch (error.code) {
    case "commander.unknownOption":
      return unknownOption(name.split("=")[0]!, row, lang);
    case "commander.missingArgument":
      return missing(row, name, lang);
    case "commander.optionMissingArgument": {
      const flag = /--[\w-]+/.exec(name)?.[0] ?? name;
      return new CliError(usage, translate(lang, commonText.missingValue, { name: flag }), {
        hint: seeHelp(row, lang),
      });
    }
    case "commander.excessArguments":
      return tooMany(row, lang);
    default:
      return error;
  }
}
