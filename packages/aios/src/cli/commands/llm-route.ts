import type { ResultOf } from "@aiosjs/sdk";
import { shortCount, shortTime } from "../../tui/figures.ts";
import { llmText } from "../messages/llm.ts";
import { routeText } from "../messages/route.ts";
import type { ContextOf } from "../registry.ts";
import { table } from "../table.ts";

type Context = ContextOf<"llm route">;
type Route = ResultOf<"llm.route">;
type Stage = Route["stages"][number];
type Lane = Stage["lanes"][number];

interface Row {
  /** As the stages are asked, from 1. */
  readonly order: string;
  readonly stage: Stage;
  readonly lane: Lane;
}

export async function run(context: Context): Promise<void> {
  const { args, options } = context;
  const client = await context.client();
  const messages = [{ role: "user" as const, content: args.prompt }];
  const route = await client.llm.route({ model: options.model, messages });
  context.result(route, () =>
    [headOf(route, context), stagesOf(route, context), leftOutOf(route, context)].filter(Boolean).join("\n\n"),
  );
}

function headOf({ strategy, inputTokens }: Route, { t, options, paint }: Context): string {
  const how = strategy === undefined ? t(routeText.named) : t(routeText.by, { strategy });
  return paint.dim(t(routeText.head, { model: options.model, how, tokens: shortCount(inputTokens) }));
}

function stagesOf({ stages }: Route, context: Context): string {
  const { t, paint } = context;
  const rows = stages.flatMap((stage, index) =>
    stage.lanes.map((lane): Row => ({ order: String(index + 1), stage, lane })),
  );
  return table(
    rows,
    [
      { title: "#", text: ({ order }) => order, rank: 0 },
      {
        title: t(routeText.lane),
        text: ({ lane }) => (lane.isSimulated ? `${lane.lane} (${t(llmText.simulated)})` : lane.lane),
        rank: 0,
        least: 16,
      },
      {
        title: t(routeText.because),
        text: ({ stage }) => t(routeText[stage.isSkipped ? "skipped" : stage.because]),
        rank: 1,
        paint: (text, { stage }) => (stage.isSkipped ? paint.dim(text) : text),
      },
      { title: t(routeText.why), text: ({ lane }) => factsOf(lane, context), rank: 0, least: 20 },
    ],
    context,
  );
}

function factsOf(
  { waitMs, expectedMs, tokensInFlight, share, quality, neighbours = 0, costUsd }: Lane,
  { t }: Context,
): string {
  return [
    share === undefined ? "" : t(routeText.share, { percent: Math.round(share * 100) }),
    tokensInFlight === undefined ? "" : t(routeText.inFlight, { tokens: shortCount(tokensInFlight) }),
    expectedMs === undefined ? "" : t(routeText.expected, { time: shortTime(expectedMs) }),
    quality === undefined
      ? ""
      : t(neighbours > 0 ? routeText.learned : routeText.declared, { quality: quality.toFixed(2), neighbours }),
    costUsd === undefined ? "" : `$${costUsd.toPrecision(2)}`,
    waitMs === undefined || waitMs === 0 ? "" : t(routeText.wait, { time: shortTime(waitMs) }),
  ]
    .filter(Boolean)
    .join(" · ");
}

function leftOutOf({ leftOut }: Route, { t, paint }: Context): string {
  if (leftOut.length === 0) return "";
  const names = leftOut.map(({ name, why }) => `${name}: ${t(routeText[`out_${why}`])}`);
  return `${paint.dim(t(routeText.leftOut))}\n${names.map((line) => `  ${line}`).join("\n")}`;
}
