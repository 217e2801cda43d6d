import type { Paint } from "../tui/paint.ts";
import { pad, widthOf, wrap } from "../tui/width.ts";
import { version } from "../version.ts";
import { commonText, groupTitles } from "./messages/common.ts";
import type { ArgumentSpec, CommandRow, GroupName, OptionSpec } from "./registry.ts";
import { commands, flagOf, globalOptions } from "./registry.ts";
import type { Lang } from "./text.ts";
import { translate } from "./text.ts";

export interface HelpLook {
  readonly lang: Lang;
  readonly paint: Paint;
  /** Columns to fill; lines are never longer than 100 of them. */
  readonly width: number;
}

/** Help on everything (`path` ""), on a family ("config") or on one command; undefined when there is no such path. */
export function helpText(path: string, look: HelpLook): string | undefined {
  if (path === "") return overview(look);
  const rows = commands as readonly CommandRow[];
  const row = rows.find((each) => each.path === path || each.aliases?.includes(path));
  if (row) return commandHelp(row, look);
  const family = rows.filter((each) => each.path.startsWith(`${path} `) && !each.isHidden);
  if (family.length === 0) return undefined;
  return [
    `${look.paint.strong(translate(look.lang, commonText.usage))}${colon(look)}aios ${path} …`,
    "",
    ...table(family.map(entryOf(look)), look),
  ].join("\n");
}

function overview(look: HelpLook): string {
  const { lang, paint, width } = look;
  const blocks = (Object.keys(groupTitles) as GroupName[]).flatMap((group) => {
    const rows = (commands as readonly CommandRow[]).filter((row) => row.group === group && !row.isHidden);
    return rows.length === 0 ? [] : [{ title: translate(lang, groupTitles[group]), entries: rows.map(entryOf(look)) }];
  });
  const labelWidth = labelWidthOf(blocks.flatMap(({ entries }) => entries));
  return [
    ...wrap(translate(lang, commonText.title, { version }), Math.min(width, 100)),
    ...blocks.flatMap(({ title, entries }) => ["", paint.strong(title), ...table(entries, look, labelWidth)]),
    "",
    ...options(commonText.everywhere, globalOptions, look),
    "",
    ...wrap(translate(lang, commonText.moreHelp), Math.min(width, 100)),
  ].join("\n");
}

function commandHelp(row: CommandRow, look: HelpLook): string {
  const { lang, paint, width } = look;
  const lines = [
    `${paint.strong(translate(lang, commonText.usage))}${colon(look)}aios ${row.path}${usageOf(row)}`,
    "",
    ...wrap(
      `${row.summary[lang].charAt(0).toUpperCase()}${row.summary[lang].slice(1)}${lang === "zh" ? "。" : "."}`,
      Math.min(width, 100),
    ),
    ...(row.details ? wrap(row.details[lang], Math.min(width, 100)) : []),
  ];
  if (row.args?.length) {
    const entries = row.args.map((argument) => [nameOf(argument), notes(argument, lang)] as const);
    lines.push("", paint.strong(translate(lang, commonText.arguments)), ...table(entries, look));
  }
  if (row.options?.length) lines.push("", ...options(commonText.options, row.options, look));
  lines.push("", ...options(commonText.everywhere, globalOptions, look));
  if (row.aliases?.length)
    lines.push(
      "",
      `${paint.strong(translate(lang, commonText.alsoCalled))}${colon(look)}${row.aliases.map((alias) => `aios ${alias}`).join(", ")}`,
    );
  if (row.examples?.length)
    lines.push(
      "",
      paint.strong(translate(lang, commonText.examples)),
      ...row.examples.map((example) => `  ${example}`),
    );
  return lines.join("\n");
}

const colon = ({ lang }: HelpLook) => (lang === "zh" ? "：" : ": ");

type Entry = readonly [label: string, text: string];

const entryOf =
  ({ lang }: HelpLook) =>
  (row: CommandRow): Entry => [`${row.path}${usageOf(row, true)}`, row.summary[lang]];

function options(title: { en: string; zh: string }, specs: readonly OptionSpec[], look: HelpLook): string[] {
  const { lang, paint } = look;
  const entries = specs.map((spec): Entry => [
    `${spec.short ? `-${spec.short}, ` : "    "}${optionText(spec)}`,
    notes(spec, lang),
  ]);
  return [paint.strong(translate(lang, title)), ...table(entries, look)];
}

/** `--budget-usd N` */
export function optionText(spec: OptionSpec): string {
  const value = spec.kind === "flag" ? "" : ` ${spec.value ?? spec.name.replaceAll(/(?=[A-Z])/g, "-").toUpperCase()}`;
  return `${flagOf(spec)}${value}`;
}

/** The summary with what else matters: choices, default, repetition. */
export function notes(spec: ArgumentSpec | OptionSpec, lang: Lang): string {
  const more: string[] = [];
  if (spec.choices) more.push(translate(lang, commonText.oneOf, { choices: spec.choices.join(", ") }));
  if ("default" in spec && spec.default !== undefined)
    more.push(translate(lang, commonText.defaultIs, { value: spec.default }));
  if (spec.kind === "list" && !/several times|多次/.test(spec.summary[lang]))
    more.push(translate(lang, commonText.mayRepeat));
  if (more.length === 0) return spec.summary[lang];
  return lang === "zh" ? `${spec.summary.zh}（${more.join("；")}）` : `${spec.summary.en} (${more.join("; ")})`;
}

/** What follows the path: `KEY [VALUE] [OPTIONS]`. */
export function usageOf(row: CommandRow, isShort = false): string {
  const words = (row.args ?? []).map((argument) => {
    const name = nameOf(argument);
    return argument.isOptional ? ` [${name}]` : ` ${name}`;
  });
  if (row.hasRest) words.push(isShort ? " | -- COMMAND…" : " | -- COMMAND…");
  return words.join("") + (!isShort && row.options?.length ? " [OPTIONS]" : "");
}

export const nameOf = ({ name, isVariadic }: ArgumentSpec) => `${name.toUpperCase()}${isVariadic ? "…" : ""}`;

/** Labels longer than this stand on a line of their own. */
const longestLabel = 30;
const labelWidthOf = (entries: readonly Entry[]) =>
  Math.max(...entries.map(([label]) => widthOf(label)).filter((each) => each <= longestLabel), 0);

function table(entries: readonly Entry[], { width, paint }: HelpLook, labelWidth = labelWidthOf(entries)): string[] {
  const textWidth = Math.max(24, Math.min(width, 100) - labelWidth - 4);
  return entries.flatMap(([label, text]) => {
    const lines = wrap(text, textWidth).map((line) => " ".repeat(labelWidth + 4) + line);
    const isLong = widthOf(label) > labelWidth;
    if (isLong) return [`  ${paint.busy(label)}`, ...lines];
    return [`  ${paint.busy(pad(label, labelWidth))}  ${lines[0]?.trimStart() ?? ""}`, ...lines.slice(1)];
  });
}
