import type { NoteBody } from "./ports.ts";

/** So much of notes. */
export interface Amount {
  readonly notes: number;
  readonly bytes: number;
}

export const MB = 1_048_576;
/** Notes that a quota of one megabyte allows: the index needs about a kilobyte for each, however short it is. */
export const NOTES_PER_MB = 1_024;

export const plus = (one: Amount, other: Amount): Amount => ({
  notes: one.notes + other.notes,
  bytes: one.bytes + other.bytes,
});

export const less = (one: Amount, other: Amount): Amount => ({
  notes: one.notes - other.notes,
  bytes: one.bytes - other.bytes,
});

export const exceeds = (one: Amount, limit: Amount): boolean => one.notes > limit.notes || one.bytes > limit.bytes;

const utf8 = new TextEncoder();

/** Of what a note says, as the journal keeps it. */
export const sizeOf = (body: NoteBody): number => utf8.encode(JSON.stringify(body)).length;
