import type { Lang, Split } from "../mem/dialogue.ts";
import type { Kind } from "./corpus-file.ts";
import { englishDev } from "./phrases-en-dev.ts";
import { englishHeldOut } from "./phrases-en-held-out.ts";
import { chineseDev } from "./phrases-zh-dev.ts";
import { chineseHeldOut } from "./phrases-zh-held-out.ts";

/** `{t}` is a topic's term, `{c}` a customer or person, `{a}` what a topic is called openly, `{k}` a kind, `{m}` a month. */
type Templates = readonly string[];

/** Where a file lives, and which kinds and topics there are. */
export type World = "work" | "kitchen" | "journey";

/** Relative to the day on which is asked: the day, calendar week and calendar month before, and a month by its name. */
export const spans = ["yesterday", "lastWeek", "lastMonth", "inMonth"] as const;
export type Span = (typeof spans)[number];

export interface Topic {
  readonly world: World;
  /** Stands in no other phrase of the table. */
  readonly term: string;
  /** Each with the term. */
  readonly says: Templates;
  /** In words of which none stands in `says`, nor in the term. */
  readonly asks: readonly string[];
}

/** Something that happened once. */
interface Story {
  readonly says: readonly string[];
  /** Without its words. */
  readonly asks: readonly string[];
}

/** The words that files are made of. The two of a language share no phrase. */
export interface FilePhrases {
  /** Every first part with every second one is a customer's name. */
  readonly customers: readonly [readonly string[], readonly string[]];
  readonly people: readonly string[];
  readonly projects: readonly string[];
  readonly topics: readonly Topic[];
  readonly stories: readonly Story[];
  readonly kinds: Readonly<Record<Kind, { readonly word: string; readonly titles: Templates }>>;
  /** Letters before a matter's number. */
  readonly codes: readonly string[];
  /** What names a matter. `{n}` is its code. */
  readonly coded: Templates;
  readonly mentions: Templates;
  readonly columns: readonly string[];
  readonly filler: Filler;
  /** Parts of identifiers: every verb with every noun and thing. */
  readonly identifiers: readonly [readonly string[], readonly string[], readonly string[]];
  readonly askNamed: Templates;
  readonly askMetadata: Readonly<Record<Span, Templates>>;
}

/** Every combination is a sentence about nothing that is asked for; `{n}` is a number. */
interface Filler {
  /** Of `{w}` who, `{d}` does, `{o}` what, `{h}` how. */
  readonly pattern: string;
  readonly who: readonly string[];
  readonly does: readonly string[];
  readonly what: readonly string[];
  readonly how: readonly string[];
}

const all = {
  en: { dev: englishDev, "held-out": englishHeldOut },
  zh: { dev: chineseDev, "held-out": chineseHeldOut },
} as const satisfies Record<Lang, Record<Split, FilePhrases>>;

export const phrasesOf = (lang: Lang, split: Split): FilePhrases => all[lang][split];
