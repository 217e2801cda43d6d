import type { Random } from "../../kernel/ports.ts";

/** @throws RangeError for an empty list */
export function one<T>(random: Random, list: readonly T[]): T {
  if (list.length === 0) throw new RangeError("nothing to draw from");
  return list[Math.floor(random.next() * list.length)] as T;
}

export const isDrawn = (random: Random, probability: number): boolean => random.next() < probability;

/** Fisher and Yates. */
export function shuffled<T>(random: Random, list: readonly T[]): T[] {
  const copy = [...list];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = Math.floor(random.next() * (last + 1));
    [copy[last], copy[other]] = [copy[other] as T, copy[last] as T];
  }
  return copy;
}
