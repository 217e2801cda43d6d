/** Only the dimensions that are not 0, in ascending order. */
export interface SparseVector {
  readonly indices: Uint32Array;
  readonly values: Float32Array;
}

/** Of any length but 0: only its direction counts. */
export type Vector = Float32Array | SparseVector;

export interface PlacedVector {
  /** Unique in the whole index. */
  readonly id: string;
  readonly space: string;
  readonly vector: Vector;
  /** Another one whenever the space or the vector is; told again by `held`, where there is one. Default: empty. */
  readonly stamp?: string;
}

export interface HeldVector {
  readonly id: string;
  readonly stamp: string;
}

export interface NearQuery {
  readonly vector: Vector;
  /** Only what is in one of them is looked at. */
  readonly spaces: readonly string[];
  /** Only these. */
  readonly ids?: ReadonlySet<string>;
  /** At most so many. */
  readonly limit: number;
}

export interface Near {
  readonly id: string;
  /** The cosine, greater than 0 and at most 1: what has nothing in common with the query is not near. */
  readonly similarity: number;
}

/** In how many vectors of some spaces a dimension is not 0. */
export interface Frequencies {
  readonly vectors: number;
  /** In the order of the dimensions asked for. */
  readonly counts: Uint32Array;
}

/**
 * Vectors of one dimension, found by their direction. It runs in the thread of the search index, one call after the other.
 * Whatever it holds can be put again.
 * @throws FaultError `refused` for a vector of another dimension, and whatever keeps it from answering
 */
export interface VectorIndex extends AsyncDisposable {
  readonly driver: string;
  /** Resolves when they are found, in place of earlier ones of the same ids. */
  put(vectors: readonly PlacedVector[]): Promise<void>;
  /** An unknown id is no error. */
  remove(ids: readonly string[]): Promise<void>;
  /** Nearest first; of equals the lesser id. */
  nearest(query: NearQuery): Promise<readonly Near[]>;
  count(): Promise<number>;
  /** All it holds, in pages of any order. Absent: nothing outlives it, and each new one begins empty. */
  held?(): AsyncIterable<readonly HeldVector[]>;
  /** Erases what would outlive it. It is not asked for anything afterwards. */
  erase?(): Promise<void>;
  /** Of sparse vectors. A driver that cannot tell has none: then queries go unweighted. */
  frequencies?(indices: Uint32Array, spaces: readonly string[]): Promise<Frequencies>;
}

export const isSparse = (vector: Vector): vector is SparseVector => "indices" in vector;
