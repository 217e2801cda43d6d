import type { Cell, Figure, Table } from "../report.ts";
import { aimed, rounded } from "../report.ts";
import { questionKinds } from "./dialogue.ts";
import type { Lang } from "./dialogue.ts";
import type { Estimate } from "./metrics.ts";
import type { MemRow } from "./run.ts";

const metrics = {
  "recall@10, %": "recallAt10",
  "MRR, %": "mrr",
  "evidence F1@3, %": "f1At3",
  "trapped, %": "trapped",
} as const;

/** A table for each language and figure, methods by kinds of questions, and what asking and keeping takes. */
export function tablesOf(rows: readonly MemRow[]): Table[] {
  const langs = [...new Set(rows.map(({ lang }) => lang))];
  const methods = [...new Set(rows.map(({ method }) => method))];
  const rowsOf = (cellOf: (method: string) => (Cell | null)[]): Table["rows"] =>
    methods.map((name) => ({ name, cells: cellOf(name) }));
  const found = (method: string, lang: Lang) => rows.filter((row) => row.method === method && row.lang === lang);
  const tables = langs.flatMap((lang) =>
    Object.entries(metrics).map(([title, metric]): Table => ({
      title: `${title}, ${lang}`,
      columns: questionKinds,
      rows: rowsOf((method) => {
        const all = found(method, lang);
        return questionKinds.map((kind) => percent(all.find((row) => row.kind === kind)?.[metric]));
      }),
    })),
  );
  const costs: Table = {
    title: "what it takes",
    columns: [...langs.map((lang) => `tokens per query, ${lang}`), "model calls per add"],
    rows: rowsOf((method) => [
      ...langs.map((lang) => exact(mean(found(method, lang).map(({ tokensPerQuery }) => tokensPerQuery)))),
      exact(mean(rows.filter((row) => row.method === method).map(({ callsPerAdd }) => callsPerAdd))),
    ]),
  };
  return [...tables, costs];
}

/** By how many points of recall@10 `method` finds more of what takes several notes than each of `others`. */
export function gainFigures(
  rows: readonly MemRow[],
  { method, others, atLeast }: { method: string; others: readonly string[]; atLeast: number },
): Figure[] {
  const langs = [...new Set(rows.map(({ lang }) => lang))];
  const recall = (name: string, lang: Lang): number | undefined =>
    rows.find((row) => row.method === name && row.lang === lang && row.kind === "multi-hop")?.recallAt10.mean;
  return langs.flatMap((lang) =>
    others.flatMap((other) => {
      const [own, theirs] = [recall(method, lang), recall(other, lang)];
      if (own === undefined || theirs === undefined) return [];
      const name = `multi-hop, ${lang}: recall@10 of ${method} over ${other}`;
      const figure = aimed(name, rounded((own - theirs) * 100), { unit: "points", bound: { atLeast } });
      return [{ ...figure, peer: { name: `${other}, %`, value: rounded(theirs * 100) } }];
    }),
  );
}

function percent(estimate: Estimate | undefined): Cell | null {
  if (estimate === undefined || Number.isNaN(estimate.mean)) return null;
  const [value, low, high] = [estimate.mean, estimate.low, estimate.high].map((share) => rounded(share * 100));
  return { value: value ?? 0, low: low ?? 0, high: high ?? 0 };
}

const exact = (value: number): Cell => ({ value: rounded(value), low: rounded(value), high: rounded(value) });
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
