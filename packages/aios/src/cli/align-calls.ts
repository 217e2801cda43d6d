import type { CallView } from "@aiosjs/sdk";

/** `=` the same call with the same result, `~` with another one; `-` only in the first, `+` only in the second. */
export type Mark = "=" | "~" | "-" | "+";

export interface AlignedCall {
  readonly mark: Mark;
  readonly left: CallView | undefined;
  readonly right: CallView | undefined;
}

/**
 * Two processes' calls side by side. Those that have a place in their programs on both sides (replay keys) are compared with
 * who stands there, whatever the order; the others by what they ask for, in the longest order that both have in common.
 * The list is in the order of the first; what only the second has stands before what follows it there.
 */
export function alignCalls(left: readonly CallView[], right: readonly CallView[]): AlignedCall[] {
  const partnerOf = new Map<number, number>();
  const placeOf = new Map(right.flatMap(({ replayKey }, index) => (replayKey ? [[replayKey, index] as const] : [])));
  const [restLeft, restRight]: [number[], number[]] = [[], []];
  const placed = new Set<number>();
  for (const [index, call] of left.entries()) {
    const place = call.replayKey ? placeOf.get(call.replayKey) : undefined;
    if (place === undefined) restLeft.push(index);
    else {
      placed.add(place);
      // Who asks for something else in the same place is another call.
      if (identityOf(right[place]!) === identityOf(call)) partnerOf.set(index, place);
    }
  }
  for (const index of right.keys()) if (!placed.has(index)) restRight.push(index);
  const numbers = new Map<string, number>();
  const numbered = (calls: readonly CallView[], rest: readonly number[]) =>
    Uint32Array.from(rest, (index) => {
      const identity = identityOf(calls[index]!);
      if (!numbers.has(identity)) numbers.set(identity, numbers.size);
      return numbers.get(identity)!;
    });
  for (const [i, j] of commonOrder(numbered(left, restLeft), numbered(right, restRight)))
    partnerOf.set(restLeft[i]!, restRight[j]!);
  return merged(left, right, partnerOf);
}

function merged(
  left: readonly CallView[],
  right: readonly CallView[],
  partnerOf: ReadonlyMap<number, number>,
): AlignedCall[] {
  const aligned: AlignedCall[] = [];
  const partners = new Set(partnerOf.values());
  let told = 0;
  const tellUpTo = (end: number): void => {
    for (; told < end; told++)
      if (!partners.has(told)) aligned.push({ mark: "+", left: undefined, right: right[told]! });
  };
  for (const [index, call] of left.entries()) {
    const partner = partnerOf.get(index);
    if (partner === undefined) {
      aligned.push({ mark: "-", left: call, right: undefined });
      continue;
    }
    tellUpTo(partner);
    aligned.push({ mark: isSameEnd(call, right[partner]!) ? "=" : "~", left: call, right: right[partner]! });
  }
  tellUpTo(right.length);
  return aligned;
}

const identityOf = ({ name, requestHash, detail }: CallView): string => `${name} ${requestHash ?? detail}`;

const isSameEnd = (left: CallView, right: CallView): boolean =>
  left.state === right.state && left.code === right.code && left.resultHash === right.resultHash;

/**
 * A longest common subsequence as pairs of indices. Hirschberg, 1975: exact, in linear memory; the equal beginnings and ends
 * that most traces have cost one look each.
 */
export function commonOrder(left: Uint32Array, right: Uint32Array): [number, number][] {
  const pairs: [number, number][] = [];
  const find = (from: number, to: number, [start, end]: [number, number]): void => {
    for (; from < to && start < end && left[from] === right[start]; from++, start++) pairs.push([from, start]);
    const tail: [number, number][] = [];
    for (; from < to && start < end && left[to - 1] === right[end - 1]; to--, end--) tail.unshift([to - 1, end - 1]);
    if (to - from === 1) {
      const at = right.subarray(start, end).indexOf(left[from]!);
      if (at >= 0) pairs.push([from, start + at]);
    } else if (from < to && start < end) {
      const middle = (from + to) >> 1;
      const split = splitOf(left.subarray(from, to), right.subarray(start, end));
      find(from, middle, [start, start + split]);
      find(middle, to, [start + split, end]);
    }
    pairs.push(...tail);
  };
  find(0, left.length, [0, right.length]);
  return pairs;
}

/** Where `right` is cut so that its parts have most in common with the halves of `left`. */
function splitOf(left: Uint32Array, right: Uint32Array): number {
  const middle = left.length >> 1;
  const ahead = lengths(left.subarray(0, middle), right);
  const behind = lengths(left.subarray(middle).toReversed(), right.toReversed());
  let [best, most] = [0, -1];
  for (let cut = 0; cut <= right.length; cut++) {
    const common = ahead[cut]! + behind[right.length - cut]!;
    if (common > most) [best, most] = [cut, common];
  }
  return best;
}

/** How much all of `left` has in common with each beginning of `right`. */
function lengths(left: Uint32Array, right: Uint32Array): Uint32Array {
  let above = new Uint32Array(right.length + 1);
  let row = new Uint32Array(right.length + 1);
  for (const wanted of left) {
    for (let index = 0; index < right.length; index++)
      row[index + 1] = right[index] === wanted ? above[index]! + 1 : Math.max(above[index + 1]!, row[index]!);
    [above, row] = [row, above];
  }
  return above;
}
