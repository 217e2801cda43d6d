/** Where a text may be cut. */
export interface Boundaries {
  /** The best beginning of a section within these places, both included. */
  sectionIn(from: number, to: number): number | undefined;
  /** The best place of the best sort that there is: section, paragraph, sentence or line, space, between two characters. */
  bestIn(from: number, to: number): number;
}

const paragraphs = /\n[^\S\n]*\n\s*/g;
const lines = /\n/g;
const sentences = /[.!?]["'”’)\]]{0,3}\s+|[。！？；…]["”’」』）]{0,3}/g;
const reach = 24;

/** @param isProse sentences are better places than ends of lines; in code and tables it is the other way round. */
export function boundariesOf(text: string, starts: readonly number[], isProse: boolean): Boundaries {
  const sections = sorted(starts.filter((at) => at > 0));
  const hash = (at: number): number => hashAround(text, at, reach);
  const bySentence = (): readonly number[] => endsOf(text, sentences);
  const byLine = (): readonly number[] => endsOf(text, lines);
  const sorts = [
    lazily(() => sections),
    lazily(() => endsOf(text, paragraphs)),
    ...(isProse ? [bySentence, byLine] : [byLine, bySentence]).map(lazily),
  ];
  return {
    sectionIn: (from, to) => best(within(sections, from, to), hash, (from + to) / 2),
    bestIn: (from, to) => {
      for (const sort of sorts) {
        const found = best(within(sort(), from, to), hash, (from + to) / 2);
        if (found !== undefined) return found;
      }
      const middle = (from + to) / 2;
      const short = (at: number): number => hashAround(text, at, 4);
      return (
        best(
          places(from, to, (at) => isSpace(text.charCodeAt(at - 1))),
          short,
          middle,
        ) ??
        best(
          places(from, to, (at) => !isLowSurrogate(text.charCodeAt(at))),
          short,
          middle,
        ) ??
        to
      );
    },
  };
}

/** The place of the lowest hash; of several the one nearest the middle, so that what repeats itself is halved. */
function best(candidates: Iterable<number>, hash: (at: number) => number, middle: number): number | undefined {
  let found: number | undefined;
  let lowest = Infinity;
  for (const at of candidates) {
    const value = hash(at);
    if (value > lowest || (value === lowest && Math.abs(at - middle) >= Math.abs(found! - middle))) continue;
    lowest = value;
    found = at;
  }
  return found;
}

/** FNV-1a of the characters around a place. */
function hashAround(text: string, at: number, around: number): number {
  let hash = 0x811c9dc5;
  for (let index = Math.max(0, at - around); index < Math.min(text.length, at + around); index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

const sorted = (places: readonly number[]): readonly number[] => places.toSorted((a, b) => a - b);
const endsOf = (text: string, pattern: RegExp): number[] =>
  Array.from(text.matchAll(pattern), ({ 0: found, index }) => index + found.length);

function* within(places: readonly number[], from: number, to: number): Generator<number, void> {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle]! < from) low = middle + 1;
    else high = middle;
  }
  for (let index = low; index < places.length && places[index]! <= to; index++) yield places[index]!;
}

function* places(from: number, to: number, isGood: (at: number) => boolean): Generator<number, void> {
  for (let at = Math.max(1, from); at <= to; at++) if (isGood(at)) yield at;
}

const isSpace = (code: number): boolean => code === 32 || code === 9 || code === 0x3000;
const isLowSurrogate = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff;
