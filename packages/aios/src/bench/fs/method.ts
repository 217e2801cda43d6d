import type { Lang } from "../mem/dialogue.ts";
import type { FileQuery } from "./corpus-file.ts";

/** A file as it is given to a method. */
export interface IndexedFile {
  readonly path: string;
  readonly lang: Lang;
  readonly modifiedMs: number;
  /** As it is on disk. */
  readonly text: string;
}

/** A query without its answer. */
export type AskedQuery = Omit<FileQuery, "relevant" | "kind">;

/** What every way to find files is measured by. */
export interface FileMethod extends AsyncDisposable {
  readonly name: string;
  index(files: readonly IndexedFile[]): Promise<void>;
  /**
   * Paths, best first, `limit` at most. Where the query has terms, only files that it believes to hold them all; where it names
   * a time, only files changed then. Who cannot read times is told them.
   */
  find(query: AskedQuery, limit: number): Promise<readonly string[]>;
}

/** A file's path is searched with its text. */
export const searched = ({ path, text }: IndexedFile): string => `${path}\n${text}`;

/** As a search box would: whatever the case or width of the letters. */
export const holdsAll = (text: string, terms: readonly string[]): boolean =>
  terms.every((term) => text.includes(folded(term)));

export const folded = (text: string): string => text.normalize("NFKC").toLowerCase();

export const isWithin = (modifiedMs: number, modified: FileQuery["modified"]): boolean =>
  modified === undefined || (modifiedMs >= modified.fromMs && modifiedMs <= modified.toMs);
