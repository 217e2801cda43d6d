import type { Findable, FindQuery, IndexStatus, Unembedded } from "../../kernel/ports.ts";
import type { Replaced } from "./index-file.ts";

/** Which vectors can be compared with each other. */
export interface Maker {
  readonly name: string;
  /** 0: not known before the first vector. */
  readonly dimension: number;
}

/** Whose vectors all texts are to have; without a dimension: as the model makes them. */
export interface Wanted {
  readonly name: string;
  readonly dimension: number | undefined;
}

export type Change = { readonly put: Findable } | { readonly remove: string };

export type Order =
  | { readonly type: "write"; readonly changes: readonly Change[] }
  | { readonly type: "search"; readonly query: FindQuery }
  | { readonly type: "versions"; readonly after: string | undefined; readonly limit: number }
  | { readonly type: "texts"; readonly ids: readonly string[] }
  | { readonly type: "state" }
  /** Does a piece of what the thread does in the background; tells whether there is more. */
  | { readonly type: "step" }
  | { readonly type: "waiting"; readonly after: number; readonly limit: number }
  | {
      readonly type: "embedded";
      readonly texts: readonly Unembedded[];
      readonly vectors: readonly (Float32Array | null)[];
    };

export interface IndexState {
  readonly texts: number;
  /** Whose vectors all texts are to have. */
  readonly wanted: Maker;
  /** Texts that have the wanted one's, and are cut into words as they are to be. */
  readonly done: number;
  /** Nothing is left to do, and the wanted one's are searched. */
  readonly isSettled: boolean;
  /** Of vectors that are searched elsewhere. */
  readonly vectors?: IndexStatus["vectors"];
}

/** Every answer of the thread. */
export interface Told<T> {
  readonly value: T;
  /** Whose vectors are searched. */
  readonly serving: Maker;
  /** Since the last answer. */
  readonly replaced: Replaced | undefined;
}

/** What an embedder is given of a text. */
export const embeddable = ({ terms, text }: Pick<Findable, "terms" | "text">): string => [...terms, text].join("\n");
