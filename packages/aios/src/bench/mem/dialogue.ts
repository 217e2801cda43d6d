export type Lang = "en" | "zh";
/** Methods are tuned on `dev` and reported on `held-out`. */
export type Split = "dev" | "held-out";

/** Of a person: the first six. Of a company: seat, product. Of a pet: diet, what it cannot eat. */
export const attributes = ["employer", "home", "pet", "hobby", "car", "language", "seat", "product", "diet"] as const;
export type Attribute = (typeof attributes)[number];
export type ChangingAttribute = Extract<Attribute, "employer" | "home" | "hobby" | "car">;

/** Something true from a turn on. `relation` says who a speaker's sister, coach… is. */
export interface Fact {
  readonly id: string;
  readonly subject: string;
  readonly attribute: Attribute | "relation";
  /** Of a relation: which. */
  readonly relation?: string;
  readonly value: string;
  /** The note that says it: each fact is said once. */
  readonly note: string;
  readonly atMs: number;
  /** The fact of the same subject and attribute that it ends. */
  readonly replaces?: string;
}

/** One turn. */
export interface DialogueNote {
  readonly id: string;
  /** Counted from 0. */
  readonly session: number;
  /** Unix epoch milliseconds. */
  readonly atMs: number;
  readonly speaker: string;
  readonly text: string;
  readonly lang: Lang;
  /** Ids of what it says; empty for chatter. */
  readonly facts: readonly string[];
}

/** The categories of LoCoMo (arXiv:2402.17753). */
export const questionKinds = ["single-hop", "multi-hop", "temporal", "open", "adversarial"] as const;
export type QuestionKind = (typeof questionKinds)[number];

export interface Question {
  readonly id: string;
  readonly kind: QuestionKind;
  readonly lang: Lang;
  readonly text: string;
  /** All notes needed to answer, in the order in which one follows from the other; empty: nothing said answers it. */
  readonly evidence: readonly string[];
  /** Notes that look like an answer and are none. */
  readonly decoys: readonly string[];
  /** The time that is asked about, Unix epoch milliseconds; absent: the end. No retriever is told. */
  readonly asOfMs?: number;
}

/** Two notes that follow from each other; the order of the two says nothing. */
export type NoteLink = readonly [string, string];

/** What a note's context says once a later note has changed what it tells. */
export interface Evolution {
  readonly note: string;
  /** The later note. */
  readonly by: string;
  readonly context: string;
}

/** What a group of friends said to each other in a year, two at a time, and what can be asked about it. */
export interface Dialogue {
  readonly seed: number;
  readonly split: Split;
  readonly lang: Lang;
  readonly notes: readonly DialogueNote[];
  readonly facts: readonly Fact[];
  readonly questions: readonly Question[];
  readonly oracleLinks: readonly NoteLink[];
  readonly oracleEvolutions: readonly Evolution[];
}
