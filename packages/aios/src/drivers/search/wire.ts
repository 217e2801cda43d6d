import type { Findable, FindQuery } from "../../kernel/ports.ts";
import type { Replaced } from "./index-file.ts";
import type { Vector } from "./vector-index.ts";

/** Which vectors can be compared with each other. */
export interface Maker {
  readonly name: string;
  readonly dimension: number;
}

export const isSame = (one: Maker, other: Maker): boolean =>
  one.name === other.name && one.dimension === other.dimension;

export type Change = { readonly put: Findable } | { readonly remove: string };

/** Vectors that the kernel's thread had made, in the order of the texts. */
export interface Made extends Maker {
  readonly vectors: readonly Vector[];
}

/** A text that waits for its vector. */
export interface Waiting {
  readonly row: number;
  readonly version: number;
  readonly text: string;
}

export type Order =
  | { readonly type: "write"; readonly changes: readonly Change[]; readonly made: readonly Made[] }
  | { readonly type: "search"; readonly query: FindQuery; readonly made: Made | undefined }
  | { readonly type: "versions"; readonly after: string | undefined; readonly limit: number }
  | { readonly type: "state" }
  /** Gives the next texts their vectors, or tells which wait for vectors of the kernel's thread. */
  | { readonly type: "next" }
  | { readonly type: "embedded"; readonly texts: readonly Waiting[]; readonly made: Made };

export interface IndexState {
  readonly texts: number;
  /** Whose vectors are searched. */
  readonly serving: Maker;
  /** Whose vectors all texts are to have. */
  readonly wanted: Maker;
  /** Texts that have the wanted one's. */
  readonly done: number;
}

/** Every answer of the thread. */
export interface Told<T> {
  readonly value: T;
  readonly serving: Maker;
  /** Since the last answer. */
  readonly replaced: Replaced | undefined;
}

/** What an embedder is given of a text. */
export const embeddable = ({ terms, text }: Pick<Findable, "terms" | "text">): string => [...terms, text].join("\n");
