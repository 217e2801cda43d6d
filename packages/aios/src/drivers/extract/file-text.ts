import type { Chunk } from "../../files/extract/chunks.ts";
import type { Extracted } from "../../files/extract/extracted.ts";

/** A file as its index takes it: cut into chunks. */
export interface FileText extends Omit<Extracted, "sections"> {
  readonly chunks: readonly Chunk[];
}
