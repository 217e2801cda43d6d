import { FaultError } from "../sql/fault.ts";
import { isSparse } from "./vector-index.ts";
import type { Near, SparseVector, Vector } from "./vector-index.ts";

/** @throws FaultError `refused` */
export function refuseOther(vector: Vector, dimension: number): void {
  const isOurs = isSparse(vector)
    ? vector.indices.length === vector.values.length && (vector.indices.at(-1) ?? 0) < dimension
    : vector.length === dimension;
  if (isOurs) return;
  const message = `the vector does not have the ${dimension} dimensions of its index`;
  throw new FaultError({ kind: "refused", message, hint: "name another model's vectors by another embedder" });
}

/** The same direction, of length 1; 0 stays 0. */
export function unit(values: Float32Array): Float32Array {
  let squares = 0;
  for (const value of values) squares += value * value;
  const length = Math.sqrt(squares);
  // What comes at this length already, up to the rounding of its numbers, needs no copy.
  return length === 0 || Math.abs(length - 1) < 1e-6 ? values : values.map((value) => value / length);
}

export function toSparse(vector: Float32Array): SparseVector {
  const indices = Uint32Array.from(vector.keys()).filter((index) => vector[index] !== 0);
  return { indices, values: Float32Array.from(indices, (index) => vector[index] as number) };
}

export function toDense({ indices, values }: SparseVector, dimension: number): Float32Array {
  const vector = new Float32Array(dimension);
  for (const [at, index] of indices.entries()) vector[index] = values[at] as number;
  return vector;
}

/** For what holds dense vectors alone. @throws FaultError `refused` for another dimension */
export function denseUnit(vector: Vector, dimension: number): Float32Array {
  refuseOther(vector, dimension);
  return unit(isSparse(vector) ? toDense(vector, dimension) : vector);
}

/** Other programs compute cosines in 32 bits: what is nearer than this to 0 has nothing in common. */
const ROUNDING = 1e-6;
/** Asked for beyond the limit, so that of equals the lesser ids are among them. */
export const TIES = 32;

/** What another program found, in the order that the port asks for. */
export const ordered = (found: readonly Near[], limit: number): readonly Near[] =>
  found
    .filter(({ similarity }) => similarity > ROUNDING)
    .toSorted((a, b) => b.similarity - a.similarity || (a.id < b.id ? -1 : 1))
    .slice(0, limit)
    .map(({ id, similarity }) => ({ id, similarity: Math.min(1, similarity) }));

/** Of what is put at once the last of each id counts. */
export const lastOfEach = <T extends { readonly id: string }>(list: readonly T[]): readonly T[] => [
  ...new Map(list.map((one) => [one.id, one])).values(),
];
