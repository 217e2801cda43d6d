import type { CoreConfig } from "../../config/core-schema.ts";
import { listsModels, probeCore } from "../../core-probe.ts";
import type { ProbeResult } from "../../core-probe.ts";
import { CliError, notFound } from "../cli-error.ts";
import { llmText } from "../messages/llm.ts";
import { trialText } from "../messages/trial.ts";
import { tryModel } from "../model-trial.ts";
import type { Trial } from "../model-trial.ts";
import type { ContextOf } from "../registry.ts";

type Context = ContextOf<"llm test">;

export async function run(context: Context): Promise<number> {
  const { args, options, home, env, t } = context;
  const asks = options.chat || options.full || args.core !== undefined;
  if (!asks) return probe(context);
  // A key and an address can be looked at without a kernel; --chat and --full cannot do without.
  const isUp = Boolean(home.kernelFile()?.url ?? env["AIOS_URL"]);
  if (isUp || options.chat || options.full) return ask(context);
  const exit = await probe(context);
  context.say(t(trialText.noKernel));
  return exit;
}

async function probe(context: Context): Promise<number> {
  const { home, t, paint, signal } = context;
  const cores = await coresOf(context);
  if (cores.length === 0) context.say(t(llmText.noCores));
  const { withStoredEnv } = await import("../../config/secrets.ts");
  const env = withStoredEnv(context.env, home.dir);
  const results = (await Promise.all(cores.map((core) => probeCore(core, { env, home: home.dir, signal })))).flat();
  for (const result of results) {
    const { core, kind, endpoint, models, elapsedMs, problem } = result;
    const data = { core, kind, endpoint, ok: !problem, models, elapsedMs: Math.round(elapsedMs) };
    context.item({ ...data, problem: problem?.message ?? null, hint: problem?.hint ?? null }, () =>
      problem
        ? `${paint.bad("✗")} ${problem.message}${problem.hint ? `\n  ${paint.dim("→")} ${problem.hint}` : ""}`
        : `${paint.good("✓")} ${goodText(result, context)}`,
    );
  }
  return results.some(({ problem }) => problem) ? 1 : 0;
}

const goodText = ({ core, kind, models, elapsedMs }: ProbeResult, { t }: Context): string =>
  kind === "sim"
    ? `${core}: ${t(llmText.simulation)}`
    : listsModels(kind)
      ? t(llmText.works, { core, ms: Math.round(elapsedMs), count: models.length })
      : t(trialText.setUp, { core });

async function coresOf({ args, t, config: load }: Context): Promise<readonly CoreConfig[]> {
  const { cores } = (await load()).config.llms;
  const wanted = args.core?.split("/")[0];
  if (wanted === undefined) return cores;
  const core = cores.find(({ name }) => name === wanted);
  if (core) return [core];
  throw new CliError(notFound, t(llmText.noSuchCore, { name: wanted }), {
    hint:
      cores.length === 0
        ? t(llmText.noCores)
        : t(llmText.noSuchCoreHint, { names: cores.map(({ name }) => name).join(", ") }),
  });
}

/** A question to the model that is named, or to the first of each core. */
async function ask(context: Context): Promise<number> {
  const { args, options, signal } = context;
  const client = await context.client();
  const { models } = await client.llm.models();
  const wanted = args.core?.includes("/") ? [args.core] : await firstModels(context, models);
  /** Models of unlisted names are taken to chat. */
  const embeds = (model: string): boolean =>
    models.some(({ id, core, serves }) => [id, `${core}/${id}`].includes(model) && !serves.includes("llm.chat"));
  if (wanted.length === 0) return noModelOf(context);
  let exit = 0;
  for (const model of wanted) {
    const trial = await tryModel(client, { model, embeds: embeds(model), isFull: options.full, signal });
    if (trial.problem !== null) exit = 1;
    context.item(dataOf(trial), () => textOf(trial, context));
  }
  return exit;
}

type Client = Awaited<ReturnType<Context["client"]>>;

type Models = Awaited<ReturnType<Client["llm"]["models"]>>["models"];

/** Of each core the first that chats, else the first. */
async function firstModels({ args, t, config: load }: Context, models: Models): Promise<string[]> {
  const first = new Map<string, string>();
  for (const { id, core } of models.toSorted((left, right) => rankOf(left) - rankOf(right)))
    if (!first.has(core) && (args.core === undefined || core === args.core))
      first.set(core, id.startsWith(`${core}/`) ? id : `${core}/${id}`);
  if (first.size > 0 || args.core === undefined) return [...first.values()];
  if ((await load()).config.llms.cores.some(({ name }) => name === args.core)) return [];
  throw new CliError(notFound, t(llmText.noSuchCore, { name: args.core }), {
    hint: t(llmText.noSuchCoreHint, { names: [...new Set(models.map(({ core }) => core))].join(", ") }),
  });
}

const rankOf = ({ serves }: Models[number]): number => (serves.includes("llm.chat") ? 0 : 1);

/** A core without a list is there all the same: either its key or address is wrong, or its models have to be named. */
async function noModelOf(context: Context): Promise<number> {
  const { t, args } = context;
  const exit = await probe(context);
  if (exit !== 0 || args.core === undefined) return exit;
  throw new CliError(notFound, t(trialText.noModel, { core: args.core }), {
    hint: t(trialText.noModelHint, { core: args.core }),
  });
}

function dataOf({ model, answer, vectors, tools, schema, problem, hint }: Trial): object {
  return {
    model,
    ok: problem === null,
    ...answer,
    ...vectors,
    ...(tools === undefined ? {} : { tools }),
    ...(schema === undefined ? {} : { schema }),
    problem,
    hint,
  };
}

function textOf(trial: Trial, context: Context): string {
  const { model, answer, vectors, tools, schema, problem, hint } = trial;
  const { t, paint } = context;
  if (vectors !== undefined) return `${paint.good("✓")} ${t(trialText.embedded, { model, ...vectors })}`;
  if (answer === undefined) {
    const line = `${paint.bad("✗")} ${t(trialText.failed, { model, detail: problem ?? "" })}`;
    return hint === null ? line : `${line}\n  ${paint.dim("→")} ${hint}`;
  }
  const { ms, text, firstMs, inputTokens, outputTokens, streams, isSimulated, isRecorded } = answer;
  const figures = [
    firstMs === null ? "" : t(trialText.first, { ms: firstMs }),
    t(trialText.tokens, { input: inputTokens, output: outputTokens }),
    streams === null ? "" : t(streams ? trialText.streams : trialText.whole),
    isRecorded ? t(trialText.recorded) : "",
    isSimulated ? t(trialText.simulated) : "",
  ];
  const abilities = [
    [trialText.tools, tools],
    [trialText.schema, schema],
  ] as const;
  return [
    `${paint.good("✓")} ${text === "" ? t(trialText.thought, { model, ms }) : t(trialText.answered, { model, ms, text: JSON.stringify(text) })}`,
    `  ${paint.dim(figures.filter(Boolean).join(" · "))}`,
    ...abilities.flatMap(([name, ability]) =>
      ability === undefined
        ? []
        : [
            ability.can
              ? `  ${paint.good("✓")} ${t(name)}: ${t(trialText.yes)}`
              : `  ${paint.bad("✗")} ${t(name)}: ${t(trialText.no, { why: ability.why })}`,
          ],
    ),
  ].join("\n");
}
