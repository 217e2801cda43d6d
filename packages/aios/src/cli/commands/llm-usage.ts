import type { ResultOf } from "@aiosjs/sdk";
import type { Usage } from "@aiosjs/sdk";
import { shortCost, shortCount } from "../../tui/figures.ts";
import { llmText } from "../messages/llm.ts";
import type { ContextOf } from "../registry.ts";
import { instantOf } from "../since.ts";
import { table } from "../table.ts";

type Context = ContextOf<"llm usage">;
type Row = ResultOf<"llm.usage">["rows"][number];

export async function run(context: Context): Promise<void> {
  const { t, paint, options } = context;
  const client = await context.client();
  const { by } = options;
  const { rows, total } = await client.llm.usage({ by: by as "model", since: instantOf(options.since, context) ?? 0 });
  if (rows.length === 0) context.say(t(llmText.noCalls));
  const shown = rows.length > 1 ? [...rows, { ...total, key: t(llmText.total) }] : rows;
  const isTotal = (row: Row): boolean => row === shown[rows.length];
  const tokens = (title: string, pick: (usage: Usage) => number, rank: number) =>
    ({ title, text: ({ usage }: Row) => shortCount(pick(usage)), rank, align: "right" }) as const;
  const titles = { model: llmText.model, process: llmText.process, tenant: llmText.tenant, day: llmText.day } as const;
  context.result({ by, rows, total }, () =>
    rows.length === 0
      ? ""
      : table(
          shown,
          [
            {
              title: t(titles[by as keyof typeof titles]),
              text: (row) => [row.key, row.name, markOf(row, isTotal(row), context)].filter(Boolean).join(" "),
              rank: 0,
              least: 16,
              paint: (text, row) => (isTotal(row) ? paint.strong(text) : text),
            },
            { title: t(llmText.calls), text: ({ done }) => shortCount(done), rank: 0, align: "right" },
            { title: t(llmText.failed), text: ({ failed }) => shortCount(failed), rank: 1, align: "right" },
            { title: t(llmText.refused), text: ({ refused }) => shortCount(refused), rank: 2, align: "right" },
            tokens(t(llmText.input), ({ inputTokens }) => inputTokens, 0),
            tokens(t(llmText.cached), ({ cachedInputTokens }) => cachedInputTokens, 3),
            ...(total.usage.cacheWriteInputTokens === undefined
              ? []
              : [tokens(t(llmText.cacheWrite), ({ cacheWriteInputTokens }) => cacheWriteInputTokens ?? 0, 4)]),
            tokens(t(llmText.output), ({ outputTokens }) => outputTokens, 0),
            tokens(t(llmText.wasted), ({ wastedTokens }) => wastedTokens, 2),
            {
              title: t(llmText.cost),
              text: ({ usage, isSimulated }) => shortCost(usage.costUsd, isSimulated),
              rank: 0,
              align: "right",
            },
          ],
          context,
        ),
  );
}

/** What a simulation answered says so, whatever the rows are by. */
const markOf = ({ isSimulated }: Row, isTotal: boolean, { t }: Context): string =>
  isSimulated && !isTotal ? `(${t(llmText.simulated)})` : "";
