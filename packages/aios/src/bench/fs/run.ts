import type { Lang } from "../mem/dialogue.ts";
import { estimate, scoreAt } from "../mem/metrics.ts";
import type { Estimate } from "../mem/metrics.ts";
import { queryKinds } from "./corpus-file.ts";
import type { FileQuery, QueryKind } from "./corpus-file.ts";
import type { FileMethod, IndexedFile } from "./method.ts";

/** Files, and what is asked of them. */
export interface Collection {
  readonly name: string;
  readonly files: readonly IndexedFile[];
  readonly queries: readonly FileQuery[];
}

/** What one method found of one question's files. */
export interface Answer {
  readonly method: string;
  readonly collection: string;
  readonly kind: QueryKind;
  readonly lang: Lang;
  readonly recallAt10: number;
  readonly reciprocalRank: number;
  /** Of all that was found: a keyword's set of files is right, or it is not. */
  readonly f1: number;
}

export interface FsRow {
  readonly method: string;
  readonly kind: QueryKind;
  readonly lang: Lang;
  readonly recallAt10: Estimate;
  readonly mrr: Estimate;
  readonly f1: Estimate;
  readonly n: number;
}

interface RunOptions {
  readonly say?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

const DEPTH = 10;
/** More than any keyword has files, so that too many can be found. */
const KEYWORD_DEPTH = 50;

/** Every method on the same files and queries, one after the other. Methods are closed at the end. */
export async function answersOf(
  collection: Collection,
  methods: readonly FileMethod[],
  { say, signal }: RunOptions = {},
): Promise<Answer[]> {
  await using open = new AsyncDisposableStack();
  for (const method of methods) open.use(method);
  const answers: Answer[] = [];
  for (const method of methods) {
    say?.(`${method.name}, ${collection.name}`);
    await method.index(collection.files);
    for (const query of collection.queries) {
      signal?.throwIfAborted();
      const { kind, relevant, ...asked } = query;
      const ranked = await method.find(asked, kind === "keyword" ? KEYWORD_DEPTH : DEPTH);
      const expected = { evidence: relevant, decoys: [] };
      const { recall, reciprocalRank } = scoreAt(DEPTH, ranked, expected);
      const { f1 } = scoreAt(KEYWORD_DEPTH, ranked, expected);
      const found = { recallAt10: recall ?? 0, reciprocalRank: reciprocalRank ?? 0, f1 };
      answers.push({ method: method.name, collection: collection.name, kind, lang: query.lang, ...found });
    }
  }
  return answers;
}

/** Means over questions with intervals over collections, which are the seeds; questions of one collection are no such draws. */
export function rowsOf(answers: readonly Answer[]): FsRow[] {
  const methods = [...new Set(answers.map(({ method }) => method))];
  const collections = [...new Set(answers.map(({ collection }) => collection))];
  const langs = [...new Set(answers.map(({ lang }) => lang))];
  return langs.flatMap((lang) =>
    methods.flatMap((method) =>
      queryKinds.map((kind): FsRow => {
        const all = answers.filter((each) => each.method === method && each.lang === lang && each.kind === kind);
        const bySeed = collections.map((name) => all.filter(({ collection }) => collection === name));
        const over = (value: (answer: Answer) => number) => estimate(bySeed.map((seed) => seed.map(value)));
        return {
          method,
          kind,
          lang,
          recallAt10: over(({ recallAt10 }) => recallAt10),
          mrr: over(({ reciprocalRank }) => reciprocalRank),
          f1: over(({ f1 }) => f1),
          n: all.length,
        };
      }),
    ),
  );
}
