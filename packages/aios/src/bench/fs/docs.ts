import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { docsQueries } from "./docs-queries.ts";
import type { IndexedFile } from "./method.ts";
import type { Collection } from "./run.ts";

/** Beside the packages of a clone; an installed package has none. */
const folder = fileURLToPath(new URL("../../../../../docs/", import.meta.url));

/** The repository's own documentation with the questions of `docs-queries.ts`. @throws Error where one of its pages is not there */
export async function readDocs(): Promise<Collection> {
  const files: IndexedFile[] = [];
  for await (const found of glob("**/*.md", { cwd: folder })) {
    const path = found.replaceAll("\\", "/");
    const lang = path.endsWith(".zh-CN.md") ? "zh" : "en";
    files.push({ path, lang, modifiedMs: 0, text: await readFile(join(folder, path), "utf8") });
  }
  files.sort((left, right) => (left.path < right.path ? -1 : 1));
  const missing = docsQueries.flatMap(({ pages }) => pages).filter((page) => !files.some(({ path }) => path === page));
  if (missing.length > 0)
    throw new Error(`only a clone of the repository has all its documentation; here is no ${missing[0]}`);
  const queries = docsQueries.map(({ lang, text, pages }) => ({
    kind: "described" as const,
    lang,
    text,
    terms: [],
    relevant: pages,
  }));
  return { name: "docs", files, queries };
}
