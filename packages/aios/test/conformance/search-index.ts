import { describe } from "vitest";
import type { SearchIndex } from "../../src/kernel/ports.ts";
import { describeDocuments } from "./search-index-documents.ts";
import { describeNarrowing } from "./search-index-narrowing.ts";
import { describeVersions } from "./search-index-versions.ts";
import { describeWords } from "./search-index-words.ts";

/** Every index of texts passes this: `describeSearchIndex("sqlite in memory", open)`. It opens an empty one. */
export function describeSearchIndex(name: string, open: () => Promise<SearchIndex>): void {
  describe(`${name} as a search index`, () => {
    describe("words and meaning", () => describeWords(open));
    describe("narrowing", () => describeNarrowing(open));
    describe("documents, phrases and paths", () => describeDocuments(open));
    describe("versions", () => describeVersions(open));
  });
}
