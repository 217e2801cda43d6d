/** What a file holds, as far as it can be told. */
export type FileKind =
  | "markdown"
  | "code"
  | "html"
  | "pdf"
  | "document"
  | "table"
  | "text"
  | "image"
  | "data"
  | "binary";

/** A file as it is read: its name says what its bytes do not. */
export interface FileSource {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Characters of text that are kept. */
  readonly maxChars: number;
}

export interface Section {
  /** Of the section and those around it: `Setup › Linux`; empty before the first. */
  readonly heading: string;
  /** The heading's own line is part of it. */
  readonly text: string;
  /** Where it begins, in the file's unit, from 1. */
  readonly at: number;
}

export interface Extracted {
  readonly kind: FileKind;
  /** The file's name where it has no title of its own. */
  readonly title: string;
  /** Of a program: `typescript`, `python`… */
  readonly language?: string;
  /** What places are counted in; `part` is the section's own number. */
  readonly unit: "line" | "page" | "sheet" | "slide" | "part";
  readonly sections: readonly Section[];
  /** Author, created, pages, width, camera…, as the file says. */
  readonly properties: Properties;
  /** There is more text than was kept. */
  readonly isCut: boolean;
  /** Why the text is not all there, for people: encrypted, damaged, too large. */
  readonly problem?: string;
}

export type Properties = Readonly<Record<string, string | number>>;

/** What a reader of one format finds; the rest is the same for all. */
export type Found = Pick<Extracted, "kind" | "unit" | "sections" | "isCut"> &
  Partial<Pick<Extracted, "title" | "language" | "properties" | "problem">>;

/** A file that says no more: the message is what people read. */
export class Unreadable extends Error {}
