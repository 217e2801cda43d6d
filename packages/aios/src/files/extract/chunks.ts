import { boundariesOf } from "./boundaries.ts";
import type { Boundaries } from "./boundaries.ts";
import type { Extracted, Section } from "./extracted.ts";

export interface Chunk {
  /** Its number in the file, from 0. */
  readonly ordinal: number;
  /** Of the section in which it begins. */
  readonly heading: string;
  readonly text: string;
  /** Where it begins, in the file's unit, from 1. */
  readonly at: number;
}

/**
 * Cuts a file's text into pieces of about this many characters (1,200 if not told; 1.8 times that at most), where headings,
 * definitions, paragraphs or sentences begin. Which of these places is cut at depends on the few characters around it and not
 * on what lies before: an edit leaves the other chunks as they were, so they need no new vectors.
 */
export function chunksOf(extracted: Extracted, { chars = 1200 }: { readonly chars?: number } = {}): Chunk[] {
  const { sections, unit, kind } = extracted;
  const starts: number[] = [];
  let text = "";
  for (const section of sections) {
    starts.push(text.length);
    text += section.text.endsWith("\n") ? section.text : `${section.text}\n`;
  }
  const isProse = kind !== "code" && kind !== "data" && kind !== "table";
  // Definitions and entries are many and short: a few of them make a piece.
  const leastSection = Math.round(isProse ? chars / 6 : kind === "code" ? chars / 3 : chars / 2);
  const bounds = { most: Math.round(chars * 1.8), least: Math.round(chars / 3), leastSection };
  const cuts = cutsOf(boundariesOf(text, starts, isProse), text.length, bounds);
  const chunks: Chunk[] = [];
  let index = 0;
  let from = 0;
  let line: Counted = { section: -1, at: 0, newlines: 0 };
  for (const to of [...cuts, text.length]) {
    const raw = text.slice(from, to);
    const body = raw.trim();
    if (body !== "") {
      const begins = from + raw.indexOf(body.charAt(0));
      while ((starts[index + 1] ?? Infinity) <= begins) index++;
      const section = sections[index]!;
      line = count(text, line, { section: index, start: starts[index]!, begins });
      chunks.push({ ordinal: chunks.length, heading: section.heading, text: body, at: placeOf(section, unit, line) });
    }
    from = to;
  }
  return chunks;
}

interface Counted {
  readonly section: number;
  readonly at: number;
  readonly newlines: number;
}

/** Lines of the section before this place, going on from the place before. */
function count(text: string, before: Counted, here: { section: number; start: number; begins: number }): Counted {
  const isOn = before.section === here.section;
  let { at, newlines } = isOn ? before : { at: here.start, newlines: 0 };
  for (; at < here.begins; at++) if (text.charCodeAt(at) === 10) newlines++;
  return { section: here.section, at, newlines };
}

const placeOf = ({ at }: Section, unit: Extracted["unit"], { newlines }: Counted): number =>
  unit === "line" ? at + newlines : at;

interface Bounds {
  readonly most: number;
  readonly least: number;
  readonly leastSection: number;
}

/** The places to cut at, in order: each piece is cut at its best place until it is small enough. */
function cutsOf(boundaries: Boundaries, length: number, { most, least, leastSection }: Bounds): number[] {
  const cuts: number[] = [];
  const waiting: [number, number][] = [[0, length]];
  for (let piece = waiting.pop(); piece; piece = waiting.pop()) {
    const [from, to] = piece;
    const cut =
      boundaries.sectionIn(from + leastSection, to - leastSection) ??
      (to - from > most ? boundaries.bestIn(from + least, to - least) : undefined);
    if (cut === undefined) continue;
    cuts.push(cut);
    waiting.push([from, cut], [cut, to]);
  }
  return cuts.toSorted((a, b) => a - b);
}
