import type { ResultOf } from "@aiosjs/sdk";
import type { CoreConfig } from "../../config/core-schema.ts";
import { tellDown } from "../core-state.ts";
import { llmText } from "../messages/llm.ts";
import type { ContextOf } from "../registry.ts";
import { table } from "../table.ts";
import { shortCount } from "../../tui/figures.ts";

type Context = ContextOf<"llm ls">;
type Aliases = ResultOf<"llm.models">["aliases"];
type Lane = ResultOf<"llm.lanes">["lanes"][number];

interface Row {
  readonly core: string;
  readonly kind: string;
  readonly model: string;
  readonly isSimulated: boolean;
  readonly limits: string;
  readonly contextTokens: number | null;
  readonly price: { readonly input: number; readonly output: number; readonly asOf?: string | undefined } | null;
  readonly state: string;
}

export async function run(context: Context): Promise<void> {
  const { t, home, env } = context;
  const isUp = Boolean(home.kernelFile()?.url ?? env["AIOS_URL"]);
  const { rows, aliases } = await (isUp ? running(context) : configured(context));
  if (!isUp) context.say(t(rows.length === 0 ? llmText.noCores : llmText.asConfigured));
  context.result({ models: rows, aliases, isRunning: isUp }, () =>
    [tableOf(rows, context), aliasLine(aliases, context), priceLine(rows, context)].filter(Boolean).join("\n\n"),
  );
}

function tableOf(rows: readonly Row[], context: Context): string {
  const { t, paint } = context;
  if (rows.length === 0) return "";
  return table(
    rows,
    [
      { title: t(llmText.core), text: ({ core }) => core, rank: 0 },
      { title: t(llmText.model), text: ({ model }) => model, rank: 0, least: 16 },
      { title: t(llmText.kind), text: ({ kind }) => kind, rank: 3 },
      { title: t(llmText.limits), text: ({ limits }) => limits, rank: 2, least: 12 },
      {
        title: t(llmText.context),
        text: ({ contextTokens }) => (contextTokens === null ? "" : shortCount(contextTokens)),
        rank: 3,
        align: "right",
      },
      { title: t(llmText.price), text: priceOf, rank: 3 },
      {
        title: t(llmText.state),
        text: ({ state }) => state,
        rank: 1,
        paint: (text, { kind, isSimulated }) => (isSimulated || kind === "replay" ? paint.held(text) : text),
      },
    ],
    context,
  );
}

/** A list price is marked: what is billed may differ. */
const priceOf = ({ price }: Row): string =>
  price ? `${price.input}/${price.output}${price.asOf === undefined ? "" : "*"}` : "";

function priceLine(rows: readonly Row[], { t, paint }: Context): string {
  const asOf = rows.map(({ price }) => price?.asOf).find((day) => day !== undefined);
  return asOf === undefined ? "" : paint.dim(t(llmText.listPrices, { day: asOf }));
}

function aliasLine(aliases: Aliases, { t, paint }: Context): string {
  const pairs = Object.entries(aliases).map(
    ([from, to]) => `${from} → ${typeof to === "string" ? to : to.join(" | ")}`,
  );
  return pairs.length === 0 ? "" : `${paint.dim(t(llmText.aliases))}  ${pairs.join(" · ")}`;
}

/** The lanes are there once a model was asked for; what a core lists besides is shown without figures. */
async function running(context: Context): Promise<{ rows: Row[]; aliases: Aliases }> {
  const client = await context.client();
  const [{ models, aliases }, { lanes }, { cores }] = await Promise.all([
    client.llm.models(),
    client.llm.lanes(),
    client.sys.status(),
  ]);
  tellDown(context, { cores });
  const stateOfCore = (name: string): string =>
    coreStateOf(
      cores.filter((core) => core.name === name),
      context,
    );
  const listed = models.map(({ id, core, kind, isSimulated, contextTokens, price }): Row => {
    const model = id.startsWith(`${core}/`) ? id.slice(core.length + 1) : id;
    const own = lanes.filter((lane) => lane.core === core && lane.model === model);
    return {
      core,
      kind,
      model,
      isSimulated,
      limits: own[0] ? limitsOf(own[0], context) : "",
      contextTokens: contextTokens ?? null,
      price: price ?? null,
      state: [stateOf(own, { kind, isSimulated }, context), stateOfCore(core)].filter(Boolean).join(" · "),
    };
  });
  const silent = new Map(
    cores.filter(({ name }) => !models.some(({ core }) => core === name)).map((core) => [core.name, core]),
  );
  const rows = [...silent.values()].map(({ name, kind, isSimulated, down }): Row => {
    const state = down ? stateOfCore(name) : context.t(llmText.listsNothing);
    return { core: name, kind, model: "", isSimulated, limits: "", contextTokens: null, price: null, state };
  });
  return { rows: [...listed, ...rows], aliases };
}

function limitsOf({ buckets, concurrency }: Lane, { t }: Context): string {
  const requests = buckets.find(({ name }) => name === "requests");
  const rate = requests ? t(llmText.perMinute, { count: Math.round(requests.perMinute) }) : undefined;
  return [
    requests && rate ? (requests.source === "learned" ? t(llmText.learned, { limit: rate }) : rate) : undefined,
    t(llmText.slots, { count: concurrency }),
  ]
    .filter(Boolean)
    .join(" · ");
}

/** Whether a model answers there at all. */
const markOf = ({ kind, isSimulated }: Pick<Row, "kind" | "isSimulated">, { t }: Context): string =>
  kind === "replay" ? t(llmText.recorded) : isSimulated ? t(llmText.simulated) : "";

function stateOf(lanes: readonly Lane[], core: Pick<Row, "kind" | "isSimulated">, context: Context): string {
  const { t } = context;
  const sum = (pick: (lane: Lane) => number) => lanes.reduce((total, lane) => total + pick(lane), 0);
  const [queued, running] = [sum((lane) => lane.queued), sum((lane) => lane.running)];
  return [
    markOf(core, context),
    running > 0 ? t(llmText.running, { running }) : "",
    queued > 0 ? t(llmText.waiting, { queued }) : "",
    lanes.some(({ cooldownUntil }) => cooldownUntil !== null) ? t(llmText.cooling) : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

/** Of all its endpoints: "" where each is up. */
function coreStateOf(endpoints: ResultOf<"sys.status">["cores"], { t }: Context): string {
  const down = endpoints.filter((core) => core.down !== undefined).length;
  if (down === 0) return "";
  return down === endpoints.length ? t(llmText.down) : t(llmText.partlyDown, { down, count: endpoints.length });
}

async function configured(context: Context): Promise<{ rows: Row[]; aliases: Aliases }> {
  const { config } = await context.config();
  const rows = config.llms.cores.flatMap((core) => modelsOf(core, context));
  return { rows, aliases: config.llms.aliases };
}

function modelsOf({ name, kind, models, limits }: CoreConfig, context: Context): Row[] {
  const { t } = context;
  const isSimulated = kind === "sim";
  const limitText = [
    limits?.requestsPerMinute === undefined ? "" : t(llmText.perMinute, { count: limits.requestsPerMinute }),
    limits?.concurrency === undefined ? "" : t(llmText.slots, { count: limits.concurrency }),
  ];
  const listed = models ?? [isSimulated ? "sim" : t(llmText.allModels)];
  return listed.map((model) => ({
    core: name,
    kind,
    model: typeof model === "string" ? model : model.id,
    isSimulated,
    limits: limitText.filter(Boolean).join(" · "),
    contextTokens: typeof model === "string" ? null : (model.contextTokens ?? null),
    price: typeof model === "string" ? null : (model.price ?? null),
    state: markOf({ kind, isSimulated }, context),
  }));
}
