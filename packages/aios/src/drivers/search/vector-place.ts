import type { VectorIndex } from "./vector-index.ts";

/** Where the vectors of one embedder are searched, as a driver is told. */
export interface VectorPlace {
  /** File URL of the package that talks to it. */
  readonly module: string;
  /** Of the server; empty where there is none. */
  readonly url: string;
  readonly token: string | undefined;
  /** Of this home and this embedder alone: letters, digits and dashes. */
  readonly collection: string;
  /** Where a driver keeps its file; undefined: in memory. */
  readonly folder: string | undefined;
  readonly dimension: number;
  /** The configuration's, as they are. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Opens an index that holds what it held before, or an empty one. A plugin's module exports it as `openVectorIndex`. */
export type OpenVectorIndex = (place: VectorPlace) => Promise<VectorIndex>;
