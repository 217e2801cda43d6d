import type { Lang, Split } from "../mem/dialogue.ts";

/** What a person would call it. */
export type Kind =
  | "contract"
  | "minutes"
  | "report"
  | "letter"
  | "bug"
  | "ledger"
  | "recipe"
  | "diary"
  | "note"
  | "code";

export type Format = "md" | "txt" | "html" | "csv" | "json" | "ts" | "py" | "go" | "sh";

/** A file before it is written out: all that the generator knows of it. */
export interface CorpusFile {
  /** In the corpus, with `/`. */
  readonly path: string;
  readonly lang: Lang;
  readonly kind: Kind;
  readonly format: Format;
  /** Unix epoch milliseconds. */
  readonly modifiedMs: number;
  /** About; of UTF-8. */
  readonly sizeBytes: number;
  /** Two files of one seed differ by what they are about and nothing else: near-duplicates. */
  readonly textSeed: number;
  readonly about: About;
  /** Whom it names without being about them. */
  readonly mention?: string;
}

/** Each stands in the file's text as it stands here, a story in its sentences. */
interface About {
  readonly topic?: string;
  /** A customer, or at home a person. */
  readonly entity?: string;
  /** Of the matter that it belongs to. */
  readonly code?: string;
  readonly project?: string;
  readonly identifier?: string;
  /** The place of a story in the table of phrases. */
  readonly story?: number;
}

/** Keyword: exact terms. Named and described: paraphrases with and without a name. Metadata: kind, time and topic. */
export const queryKinds = ["keyword", "named", "described", "metadata"] as const;
export type QueryKind = (typeof queryKinds)[number];

export interface FileQuery {
  readonly kind: QueryKind;
  readonly lang: Lang;
  readonly text: string;
  /** Of a keyword query: what a file must hold, each of them, as it stands here; empty: `text` only says what is wanted. */
  readonly terms: readonly string[];
  /** When it is asked, Unix epoch milliseconds: "last week" is the one before. Absent: nothing is known of the files' times. */
  readonly askedMs?: number;
  /** When the file was changed, both ends in: what the words of time in the text mean. */
  readonly modified?: { readonly fromMs: number; readonly toMs: number };
  /** Paths of all files that answer it. */
  readonly relevant: readonly string[];
}

export interface Corpus {
  readonly split: Split;
  readonly seed: number;
  /** When its questions are asked. */
  readonly nowMs: number;
  readonly files: readonly CorpusFile[];
  readonly queries: readonly FileQuery[];
  /** Written out on demand: all of them take as much memory as the index. */
  readonly textOf: (file: CorpusFile) => string;
}
