import { addUsage, noUsage } from "@aiosjs/sdk";
import type { Usage } from "@aiosjs/sdk";
import { shortCost, shortCount } from "../../tui/figures.ts";
import { llmText } from "../messages/llm.ts";
import type { ContextOf } from "../registry.ts";
import { table } from "../table.ts";

interface Row {
  readonly model: string;
  readonly isSimulated: boolean;
  readonly done: number;
  readonly failed: number;
  readonly refused: number;
  readonly usage: Usage;
}

export async function run(context: ContextOf<"llm usage">): Promise<void> {
  const { t, paint } = context;
  const client = await context.client();
  const { lanes } = await client.llm.lanes();
  const byModel = new Map<string, Row>();
  for (const { core, model, isSimulated, done, failed, refused, usage = noUsage } of lanes) {
    const name = `${core}/${model}`;
    const before = byModel.get(name);
    byModel.set(name, sum(before, { model: name, isSimulated, done, failed, refused, usage }));
  }
  const rows = [...byModel.values()];
  const total = rows.reduce<Row | undefined>(
    (before, row) => ({ ...sum(before, row), model: t(llmText.total) }),
    undefined,
  );
  const shown = rows.length > 1 && total ? [...rows, total] : rows;
  if (rows.length === 0) context.say(t(llmText.noCalls));
  const tokens = (title: string, pick: (usage: Usage) => number, rank: number) =>
    ({ title, text: ({ usage }: Row) => shortCount(pick(usage)), rank, align: "right" }) as const;
  context.result({ models: rows, total: total ?? null }, () =>
    rows.length === 0
      ? ""
      : table(
          shown,
          [
            {
              title: t(llmText.model),
              text: ({ model, isSimulated }) =>
                isSimulated && model !== total?.model ? `${model} (${t(llmText.simulated)})` : model,
              rank: 0,
              least: 16,
              paint: (text, row) => (row === total ? paint.strong(text) : text),
            },
            { title: t(llmText.calls), text: ({ done }) => shortCount(done), rank: 0, align: "right" },
            { title: t(llmText.failed), text: ({ failed }) => shortCount(failed), rank: 1, align: "right" },
            { title: t(llmText.refused), text: ({ refused }) => shortCount(refused), rank: 2, align: "right" },
            tokens(t(llmText.input), ({ inputTokens }) => inputTokens, 0),
            tokens(t(llmText.cached), ({ cachedInputTokens }) => cachedInputTokens, 3),
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

const sum = (before: Row | undefined, row: Row): Row =>
  before
    ? {
        ...row,
        isSimulated: before.isSimulated && row.isSimulated,
        done: before.done + row.done,
        failed: before.failed + row.failed,
        refused: before.refused + row.refused,
        usage: addUsage(before.usage, row.usage),
      }
    : row;
