import type { Attribute, ChangingAttribute, Lang, Split } from "./dialogue.ts";
import { englishDev } from "./phrases-en-dev.ts";
import { englishHeldOut } from "./phrases-en-held-out.ts";
import { chineseDev } from "./phrases-zh-dev.ts";
import { chineseHeldOut } from "./phrases-zh-held-out.ts";

/** In templates `{s}` is the subject, `{v}` the value, `{k}` the species of a pet, `{r}` a relation, `{m}` a month. */
type Templates = readonly string[];

/** The words that a dialogue is made of. The two of a language share no template, no name and no value. */
export interface Phrases {
  readonly speakers: readonly string[];
  /** Pairs of names that look alike: each is the other's decoy. */
  readonly people: readonly (readonly [string, string])[];
  readonly relations: readonly string[];
  readonly values: Readonly<Record<Attribute, readonly string[]>>;
  readonly species: readonly string[];
  /** `{v}` is the speaker's `{r}`. */
  readonly introduce: Templates;
  /** What others say of `{s}`. */
  readonly say: Readonly<Record<Attribute, Templates>>;
  /** What speakers say of themselves. */
  readonly sayOfMyself: Readonly<Record<PersonAttribute, Templates>>;
  readonly ask: Readonly<Record<Attribute, Templates>>;
  /** In the right words of `synonyms`: no word of the note but the name. */
  readonly askOpenly: Readonly<Record<Attribute, Templates>>;
  /** `{m}`, before `{v}`, now. */
  readonly askInMonth: Readonly<Record<ChangingAttribute, Templates>>;
  readonly askBefore: Readonly<Record<ChangingAttribute, Templates>>;
  readonly askNow: Readonly<Record<ChangingAttribute, Templates>>;
  /** Over two facts, in words of neither. */
  readonly askThrough: Readonly<Record<Chain, Templates>>;
  /** How `{s}`'s `{r}` is put where a question wants a name. */
  readonly relative: string;
  readonly chatter: {
    readonly openings: Templates;
    readonly days: readonly string[];
    /** About nobody, often in the words of facts; `{d}` is a day. */
    readonly plain: Templates;
    /** `{a}` is mentioned, nothing is said of them. */
    readonly mention: Templates;
    /** To `{p}`, of their `{r}`. */
    readonly yourRelative: Templates;
    readonly myRelative: Templates;
  };
  /** What a note says, and what a question that asks openly says instead. */
  readonly synonyms: Readonly<
    Record<Attribute, { readonly said: readonly string[]; readonly asked: readonly string[] }>
  >;
  readonly supersededBy: string;
}

export type PersonAttribute = Exclude<Attribute, "seat" | "product" | "diet">;

/** From a person through what the first attribute names to what the second says. */
export type Chain = "employer.seat" | "employer.product" | "pet.diet";

const all = {
  en: { dev: englishDev, "held-out": englishHeldOut },
  zh: { dev: chineseDev, "held-out": chineseHeldOut },
} as const satisfies Record<Lang, Record<Split, Phrases>>;

export const phrasesOf = (lang: Lang, split: Split): Phrases => all[lang][split];

export const fill = (template: string, slots: Readonly<Record<string, string>>): string =>
  template.replace(/\{(\w)\}/g, (slot, name: string) => slots[name] ?? slot);

/** A month as questions name it. */
export function monthName(atMs: number, lang: Lang): string {
  const date = new Date(atMs);
  if (lang === "zh") return `${date.getUTCFullYear()}年${date.getUTCMonth() + 1}月`;
  return date.toLocaleString("en", { month: "long", year: "numeric", timeZone: "UTC" });
}
