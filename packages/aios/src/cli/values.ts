import { CliError, usage } from "./cli-error.ts";
import { commonText } from "./messages/common.ts";
import type { ArgumentSpec, OptionSpec, ValueKind } from "./registry.ts";
import { flagOf } from "./registry.ts";
import type { Lang, Text } from "./text.ts";
import { fill, translate } from "./text.ts";

/** One value as the row describes it. @throws CliError of usage that names the option. */
function parseValue(
  text: string,
  rule: { name: string; kind: ValueKind; choices?: readonly string[] | undefined; min?: number; max?: number },
  lang: Lang,
): string | number {
  const { name, kind, choices, min, max } = rule;
  const refuse = (sentence: Text, values: Record<string, string>) =>
    new CliError(usage, fill(lang, sentence, { name, value: text, ...values }));
  if (choices && !choices.includes(text)) throw refuse(commonText.wrongChoice, { choices: choices.join(", ") });
  if (kind === "text") return text;
  const number = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(number)) throw refuse(commonText.wrongNumber, {});
  if (kind === "integer" && !Number.isSafeInteger(number)) throw refuse(commonText.wrongInteger, {});
  if (number < (min ?? -Infinity) || number > (max ?? Infinity))
    throw refuse(commonText.wrongRange, { range: rangeText(min, max, lang) });
  return number;
}

function rangeText(min: number | undefined, max: number | undefined, lang: Lang): string {
  if (min !== undefined && max !== undefined) return translate(lang, commonText.between, { min, max });
  if (min !== undefined) return translate(lang, commonText.atLeast, { min });
  return translate(lang, commonText.atMost, { max: max! });
}

/** What commander collected for one option: a boolean, a string, or the strings of a list. */
export function parseOption(option: OptionSpec, raw: unknown, lang: Lang): unknown {
  const { kind, choices, min, max } = option;
  if (kind === "flag") return raw === true;
  const rule = {
    name: flagOf(option),
    kind: kind === "list" ? ("text" as const) : kind,
    choices,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  };
  if (kind === "list") return ((raw as string[] | undefined) ?? []).map((each) => parseValue(each, rule, lang));
  return typeof raw === "string" ? parseValue(raw, rule, lang) : option.default;
}

export function parseArgument(argument: ArgumentSpec, raw: unknown, lang: Lang): unknown {
  const { name, kind = "text", choices } = argument;
  const rule = { name: name.toUpperCase(), kind, choices };
  if (argument.isVariadic) return ((raw as string[] | undefined) ?? []).map((each) => parseValue(each, rule, lang));
  return raw === undefined ? undefined : parseValue(raw as string, rule, lang);
}
