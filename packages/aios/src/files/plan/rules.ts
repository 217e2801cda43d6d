import { clausesOf } from "./clauses.ts";
import type { Draft, Unclear } from "./draft.ts";
import { durationOf } from "./durations.ts";
import { patternOf, shortForm, wordsOf } from "./form-pattern.ts";
import type { Slot } from "./form-pattern.ts";
import { forms } from "./forms.ts";
import type { Verb } from "./form.ts";
import { numberOf } from "./numbers.ts";
import { doubtOf } from "./paths.ts";
import { quotedMark, unquote } from "./quoted.ts";
import type { Unquoted } from "./quoted.ts";
import { stepOf } from "./steps.ts";
import type { Fault, Setting, Step } from "./steps.ts";
import { momentOf } from "./times.ts";

/** Steps of one plan. */
export const MAX_STEPS = 20;

const patterns = forms.flatMap(({ verb, en, zh }) =>
  (
    [
      ["en", en],
      ["zh", zh],
    ] as const
  ).flatMap(([lang, texts]) =>
    texts.map((form) => ({ verb, form, lang, ...patternOf(form, lang), words: wordsOf(form) })),
  ),
);
type Pattern = (typeof patterns)[number];

/** A request in documented forms as steps: all of it, or nothing, and which words are not understood. */
export function readRequest(request: string, setting: Setting): { steps: Step[] } | { unclear: Unclear } {
  const unquoted = unquote(request);
  if (unquoted.open !== undefined)
    return { unclear: { is: "quote", what: unquoted.open, hint: hintFor(unquoted.text) } };
  const clauses = clausesOf(unquoted.text);
  if (clauses.length === 0) return { unclear: { is: "words", what: request.trim(), hint: hintFor("") } };
  const steps: Step[] = [];
  for (const clause of clauses) {
    const read = readClause(clause, { unquoted, setting });
    if ("fault" in read)
      return {
        unclear: { is: read.fault, what: unquoted.restored(read.what), hint: read.hint ?? hintFor(clause) },
      };
    steps.push(...read.steps);
  }
  if (steps.length > MAX_STEPS)
    return { unclear: { is: "many", what: `${steps.length} > ${MAX_STEPS}`, hint: hintFor(unquoted.text) } };
  return { steps };
}

interface Wrong {
  readonly fault: Fault;
  readonly what: string;
  readonly hint?: string;
}
interface Reading {
  readonly unquoted: Unquoted;
  readonly setting: Setting;
}

/** Of the forms that fit, the one with the most words of its own; where that is wrong in itself, why. */
function readClause(clause: string, reading: Reading): { steps: Step[] } | Wrong {
  const fitting = patterns
    .flatMap((pattern) => {
      const groups = pattern.pattern.exec(clause)?.groups;
      return groups === undefined
        ? pattern.pattern.test(clause)
          ? [{ pattern, groups: {}, weight: clause.length }]
          : []
        : [{ pattern, groups, weight: pattern.weigh(clause, groups) }];
    })
    .toSorted((left, right) => right.weight - left.weight);
  let wrong: Wrong | undefined;
  for (const { pattern, groups } of fitting) {
    const read = stepsFrom(pattern, groups, reading);
    if (!("fault" in read)) return read;
    wrong ??= { ...read, hint: shortForm(pattern.form, pattern.lang) };
    // A time that is none may be a name of another form; a path in doubt must not be.
    if (read.fault !== "time") break;
  }
  return wrong ?? { fault: "words", what: clause.trim() };
}

function stepsFrom(
  { verb }: Pattern,
  groups: Readonly<Partial<Record<Slot, string>>>,
  { unquoted, setting }: Reading,
): { steps: Step[] } | Wrong {
  const said = (text: string): string => unquoted.content(text) ?? text;
  const wrong = [groups.number, groups.number2].find((text) => text !== undefined && !isVersion(numberOf(text)));
  if (wrong !== undefined) return { fault: "words", what: wrong };
  const [number, number2] = [groups.number, groups.number2].map((text) =>
    text === undefined ? undefined : numberOf(text),
  );
  const draft: Writable<Draft> = { verb };
  if (number !== undefined) draft[verb === "undo" ? "back" : "version"] = number;
  if (number2 !== undefined) draft.toVersion = number2;
  if (groups.text !== undefined) draft.content = said(groups.text);
  if (groups.query !== undefined) draft.query = unquoted.restored(groups.query);
  if (groups.name !== undefined) draft.name = groups.name;
  if (groups.tree !== undefined) draft.isTree = true;
  if (groups.time !== undefined) {
    draft.atMs = momentOf(said(groups.time), setting) ?? Number.NaN;
    if (!(draft.atMs <= setting.now)) return { fault: "time", what: groups.time };
  }
  if (groups.duration !== undefined) {
    const forMs = durationOf(groups.duration.replace(/^for /i, ""));
    if (forMs === undefined) return { fault: "time", what: groups.duration };
    draft.forMs = forMs;
  }
  const target = groups.to ?? groups.folder;
  if (groups.folder !== undefined) draft.isInto = true;
  if (target !== undefined) draft.to = said(target);
  const paths = pathsIn(groups, verb);
  const steps: Step[] = [];
  for (const path of paths) {
    for (const one of [path, target]) {
      const doubt = one === undefined || isQuoted(one) ? undefined : doubtOf(one, !reading.has(verb));
      if (doubt && one !== undefined) return { fault: "which", what: one };
    }
    const made = stepOf({ ...draft, path: said(path) }, setting);
    if ("fault" in made) return made;
    steps.push(made.step);
  }
  return { steps };
}

type Writable<Type> = { -readonly [Member in keyof Type]: Type[Member] };

/** These may be asked for by any name; a wrong one does no harm. */
const reading: ReadonlySet<Verb> = new Set([
  "read",
  "list",
  "list-removed",
  "history",
  "diff",
  "search",
  "mkdir",
  "mount",
]);

const isQuoted = (text: string): boolean => new RegExp(`^${quotedMark}$`).test(text);
const isVersion = (number: number | undefined): boolean => number !== undefined && number > 0;

function pathsIn(groups: Readonly<Partial<Record<Slot, string>>>, verb: Verb): string[] {
  if (groups.paths !== undefined)
    return groups.paths.split(/\s*(?:[,，、]|以及|[和与])\s*(?:and\s+)?|\s+and\s+/iu).filter((path) => path !== "");
  const path = groups.path ?? groups.tree ?? groups.host;
  if (path !== undefined) return [path];
  return verb === "list" || verb === "list-removed" || verb === "search" ? ["."] : [];
}

/** The shortest saying of the form that shares the longest word with these, in their language. */
function hintFor(clause: string): string {
  const lower = clause.toLowerCase();
  const lang = /\p{sc=Han}/u.test(clause) ? "zh" : "en";
  let best: { form: string; length: number } | undefined;
  for (const pattern of patterns) {
    if (pattern.lang !== lang) continue;
    for (const word of pattern.words)
      if (word.length > (best?.length ?? 0) && holds(lower, word, lang))
        best = { form: pattern.form, length: word.length };
  }
  return shortForm(best?.form ?? (lang === "zh" ? "查找 {query}" : "find {query}"), lang);
}

const holds = (text: string, word: string, lang: "en" | "zh"): boolean =>
  lang === "zh"
    ? text.includes(word)
    : new RegExp(`(?<![\\p{L}])${word.replaceAll(/[^\p{L} ]/gu, "")}(?![\\p{L}])`, "u").test(text);
