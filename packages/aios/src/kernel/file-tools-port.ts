import type { FileHunk, FileStep, ResultOf } from "@aiosjs/sdk/protocol";
import type { DiskContent } from "./disk-port.ts";
import type { Ask } from "./note-building.ts";
import type { SearchIndex } from "./search-port.ts";
import type { TextEmbedder } from "./text-vectors.ts";

/** What a file says, cut into chunks. */
export interface FileText {
  /** markdown, code, html, pdf, document, table, text, image, data, binary */
  readonly kind: string;
  readonly title: string;
  readonly chunks: readonly FileChunk[];
  /** Why the text is not all there, for people. */
  readonly problem?: string;
}

interface FileChunk {
  readonly heading: string;
  readonly text: string;
  /** Where it begins: a line, a page, from 1. */
  readonly at: number;
}

/** What a request to find files asks for; times in Unix epoch milliseconds, half open. */
export interface FileRequest {
  readonly text: string;
  /** Each must stand in the file, or be what it is called. */
  readonly phrases?: readonly string[];
  readonly editedFrom?: number;
  readonly editedTo?: number;
  readonly kinds?: readonly string[];
  /** In lower case, without the dot. */
  readonly extensions?: readonly string[];
  /** A folder. */
  readonly under?: string;
  /** `me`, or an agent's name. */
  readonly by?: string;
}

/** What a request asks for, as calls that nobody has made yet. */
export interface FilePlan {
  readonly steps: readonly FileStep[];
  readonly by: "model" | "rules";
  /** Why no model made it. */
  readonly why?: string;
  /** No steps, then. */
  readonly unclear?: NonNullable<ResultOf<"fs.do">["unclear"]>;
}

/** What files are found with, and requests about them are understood. */
export interface FileTools {
  /** Called once, by whoever needs it first. */
  readonly openIndex: () => Promise<SearchIndex>;
  /** The model whose vectors the index is to hold. Absent: it makes its own. */
  readonly embedder?: TextEmbedder | undefined;
  /** Off the kernel's thread; what is hostile in it is told as its problem. */
  readonly read: (path: string, content: DiskContent) => Promise<FileText>;
  /** How two texts differ, line by line, with three lines around; bounded in what it takes. */
  readonly compare: (from: string, to: string) => readonly FileHunk[];
  /** Takes the filters out of a request in English or Chinese: "the contract about GPUs that I edited last week". */
  readonly understand: (request: string) => FileRequest;
  /**
   * Plans a request in English or Chinese from its own words, made at `nowMs`: by one question to a model, or by documented
   * forms. `listing` tells which names there are; what those say has no say. The same from the same answers.
   * @throws SysError as `ask` does where the call itself is over
   */
  readonly plan: (
    request: string,
    by: {
      readonly nowMs: number;
      readonly ask: Ask;
      readonly listing: readonly { readonly path: string; readonly kind: "file" | "folder" | "other" }[];
    },
  ) => Promise<FilePlan>;
}
