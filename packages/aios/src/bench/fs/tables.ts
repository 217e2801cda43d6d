import { estimate } from "../mem/metrics.ts";
import type { Estimate } from "../mem/metrics.ts";
import { aimed, rounded } from "../report.ts";
import type { Cell, Figure, Table } from "../report.ts";
import type { QueryKind } from "./corpus-file.ts";
import type { Answer, FsRow } from "./run.ts";

type Metric = "recallAt10" | "mrr" | "f1";

const columns: readonly (readonly [string, QueryKind, Metric])[] = [
  ["keyword F1", "keyword", "f1"],
  ["named recall@10", "named", "recallAt10"],
  ["named MRR", "named", "mrr"],
  ["described recall@10", "described", "recallAt10"],
  ["described MRR", "described", "mrr"],
  ["metadata recall@10", "metadata", "recallAt10"],
  ["metadata MRR", "metadata", "mrr"],
];

/** A table for each language, methods by kinds of questions. */
export function tablesOf(rows: readonly FsRow[]): Table[] {
  return unique(rows.map(({ lang }) => lang)).map((lang) => ({
    title: `generated files, ${lang}, %`,
    columns: columns.map(([title]) => title),
    rows: unique(rows.map(({ method }) => method)).map((name) => {
      const own = rows.filter((row) => row.method === name && row.lang === lang);
      const cellOf = (kind: QueryKind, metric: Metric) => percent(own.find((row) => row.kind === kind)?.[metric]);
      return { name, cells: columns.map(([, kind, metric]) => cellOf(kind, metric)) };
    }),
  }));
}

/** The one collection that nobody generated: its questions are what is drawn from. */
export function docsTable(answers: readonly Answer[]): Table {
  const langs = unique(answers.map(({ lang }) => lang));
  return {
    title: "the repository's documentation, %",
    columns: langs.flatMap((lang) => [`recall@10, ${lang}`, `MRR, ${lang}`]),
    rows: unique(answers.map(({ method }) => method)).map((name) => ({
      name,
      cells: langs.flatMap((lang) => {
        const own = answers.filter((answer) => answer.method === name && answer.lang === lang);
        return [
          percent(estimate(own.map(({ recallAt10 }) => [recallAt10]))),
          percent(estimate(own.map(({ reciprocalRank }) => [reciprocalRank]))),
        ];
      }),
    })),
  };
}

/** What the method's keywords are to reach, and what its paraphrases find beside what each of the others finds. */
export function foundFigures(
  rows: readonly FsRow[],
  { method, others }: { method: string; others: readonly string[] },
): Figure[] {
  return unique(rows.map(({ lang }) => lang)).flatMap((lang) => {
    const of = (name: string, kind: QueryKind) =>
      rows.find((row) => row.method === name && row.lang === lang && row.kind === kind);
    const keyword = of(method, "keyword")?.f1;
    const f1 = aimed(`keyword F1, ${lang}, ${method}`, rounded(keyword?.mean ?? Number.NaN), {
      unit: "",
      bound: { atLeast: 0.97 },
    });
    const semantic = (["named", "described"] as const).flatMap((kind) =>
      others.flatMap((other): Figure[] => {
        const [own, theirs] = [of(method, kind)?.recallAt10, of(other, kind)?.recallAt10];
        if (own === undefined || theirs === undefined || Number.isNaN(own.mean)) return [];
        const name = `semantic recall@10, ${kind}, ${lang}, ${method} beside ${other}`;
        const peer = { name: other, value: rounded(theirs.mean) };
        return [{ name, value: rounded(own.mean), unit: "", peer, ...interval(own) }];
      }),
    );
    return [{ ...f1, ...(keyword && interval(keyword)) }, ...semantic];
  });
}

const interval = ({ low, high }: Estimate): Pick<Figure, "interval"> => ({ interval: [rounded(low), rounded(high)] });

function percent(estimated: Estimate | undefined): Cell | null {
  if (estimated === undefined || Number.isNaN(estimated.mean)) return null;
  const of = (share: number) => rounded(share * 100);
  return { value: of(estimated.mean), low: of(estimated.low), high: of(estimated.high) };
}

const unique = <T>(all: readonly T[]): T[] => [...new Set(all)];
