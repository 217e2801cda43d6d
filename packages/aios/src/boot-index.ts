// The index of notes and that of files, as both are opened. A composition beside boot.ts.
import { SysError } from "@aiosjs/sdk/protocol";
import type { Elsewhere } from "./drivers/search/elsewhere.ts";
import { openSearchIndex } from "./drivers/search/search-index.ts";
import type { SearchIndex } from "./kernel/ports.ts";
import type { TextEmbedder } from "./kernel/text-vectors.ts";

export interface IndexOptions {
  /** The index is a file of its own, opened by whoever needs it first. Default: in memory. */
  readonly path?: string | undefined;
  /** Default: the index makes its own vectors. */
  readonly embedder?: TextEmbedder | undefined;
  /** Default: vectors are searched in the index's own thread. */
  readonly elsewhere?: Elsewhere | undefined;
}

/** @throws SysError EIO once the stack is disposed of, and as the index cannot be opened */
export async function openIndex(
  what: "notes" | "files",
  { path, embedder, elsewhere }: IndexOptions,
  opened: AsyncDisposableStack,
): Promise<SearchIndex> {
  const stops = (): SysError => new SysError("EIO", `the kernel stops: its index of ${what} is closed`);
  if (opened.disposed) throw stops();
  const index = await openSearchIndex({
    ...(path === undefined ? {} : { path }),
    ...(embedder && { embedder }),
    elsewhere,
  });
  if (!opened.disposed) return opened.use(index);
  // Asked for before the end, and there after it: its thread would hold up the process for ever.
  await index[Symbol.asyncDispose]();
  throw stops();
}
