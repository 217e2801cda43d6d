import type { FileHunk } from "@aiosjs/sdk/protocol";

export type DiffLine = FileHunk["lines"][number];

/** Differences beyond which what is left is told as wholly replaced: the search takes their square in memory. */
const MAX_DIFFERENCES = 2_000;

/**
 * What to take out of one text and put into the other, in the fewest lines (E. W. Myers, "An O(ND) Difference Algorithm and Its
 * Variations", 1986, section 4.1). A last line without a line break is another one than the same with it.
 */
export function diffOf(from: string, to: string, { around = 3 }: { readonly around?: number } = {}): FileHunk[] {
  const [before, after] = [linesOf(from), linesOf(to)];
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  const shortest = Math.min(before.length, after.length) - start;
  while (end < shortest && before.at(-1 - end) === after.at(-1 - end)) end++;
  const same = (lines: readonly string[]): DiffLine[] => lines.map((text) => ({ mark: " ", text }));
  return hunksOf(
    [
      ...same(before.slice(0, start)),
      ...changed(before.slice(start, before.length - end), after.slice(start, after.length - end)),
      ...same(before.slice(before.length - end)),
    ],
    around,
  );
}

const linesOf = (text: string): readonly string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

function changed(before: readonly string[], after: readonly string[]): DiffLine[] {
  const most = Math.min(before.length + after.length, MAX_DIFFERENCES);
  // How far into `before` each diagonal reaches; what was so after each number of differences.
  const reach = new Int32Array(2 * most + 3);
  const rounds: Int32Array[] = [];
  for (let count = 0; count <= most; count++) {
    rounds.push(reach.slice(most + 1 - count - 1, most + 1 + count + 2));
    for (let diagonal = -count; diagonal <= count; diagonal += 2) {
      const at = most + 1 + diagonal;
      const isDown = diagonal === -count || (diagonal !== count && reach[at - 1]! < reach[at + 1]!);
      let x = isDown ? reach[at + 1]! : reach[at - 1]! + 1;
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x++;
      reach[at] = x;
      if (x >= before.length && x - diagonal >= after.length) return wayBack(rounds, before, after);
    }
  }
  return [
    ...before.map((text): DiffLine => ({ mark: "-", text })),
    ...after.map((text): DiffLine => ({ mark: "+", text })),
  ];
}

function wayBack(rounds: readonly Int32Array[], before: readonly string[], after: readonly string[]): DiffLine[] {
  const lines: DiffLine[] = [];
  let [x, y] = [before.length, after.length];
  for (let count = rounds.length - 1; count >= 0; count--) {
    const reach = rounds[count]!;
    const [diagonal, middle] = [x - y, count + 1];
    const below = reach[middle + diagonal + 1]!;
    const isDown = diagonal === -count || (diagonal !== count && reach[middle + diagonal - 1]! < below);
    const from = count === 0 ? 0 : isDown ? below : reach[middle + diagonal - 1]!;
    const fromY = count === 0 ? 0 : from - (isDown ? diagonal + 1 : diagonal - 1);
    while (x > from && y > fromY && before[x - 1] === after[y - 1]) {
      lines.push({ mark: " ", text: before[--x]! });
      y--;
    }
    if (count === 0) break;
    if (isDown) lines.push({ mark: "+", text: after[--y]! });
    else lines.push({ mark: "-", text: before[--x]! });
  }
  return lines.reverse();
}

function hunksOf(lines: readonly DiffLine[], around: number): FileHunk[] {
  const hunks: FileHunk[] = [];
  const isNear = new Uint8Array(lines.length);
  for (const [index, { mark }] of lines.entries())
    if (mark !== " ") isNear.fill(1, Math.max(0, index - around), index + around + 1);
  let [fromLine, toLine] = [0, 0];
  for (let index = 0; index < lines.length;) {
    let end = index;
    while (end < lines.length && isNear[end] === isNear[index]) end++;
    const part = lines.slice(index, end);
    const fromCount = part.filter(({ mark }) => mark !== "+").length;
    const toCount = part.filter(({ mark }) => mark !== "-").length;
    if (isNear[index])
      hunks.push({
        fromLine: fromLine + (fromCount > 0 ? 1 : 0),
        fromCount,
        toLine: toLine + (toCount > 0 ? 1 : 0),
        toCount,
        lines: part,
      });
    fromLine += fromCount;
    toLine += toCount;
    index = end;
  }
  return hunks;
}
