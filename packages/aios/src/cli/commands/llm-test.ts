import type { CoreConfig } from "../../config/schema.ts";
import { probeCore } from "../../core-probe.ts";
import type { ProbeResult } from "../../core-probe.ts";
import { CliError, notFound } from "../cli-error.ts";
import { llmText } from "../messages/llm.ts";
import type { ContextOf } from "../registry.ts";

type Context = ContextOf<"llm test">;

export async function run(context: Context): Promise<number> {
  return context.options.chat ? chat(context) : probe(context);
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
    : t(llmText.works, { core, ms: Math.round(elapsedMs), count: models.length });

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

/** One word from the first model of each core, through the kernel: queue, key, limits and all. */
async function chat(context: Context): Promise<number> {
  const { args, t, paint, signal } = context;
  const client = await context.client();
  const { models } = await client.llm.models();
  const wanted = args.core?.includes("/") ? [args.core] : firstModels(models, args.core);
  if (wanted.length === 0)
    throw new CliError(notFound, t(llmText.noSuchCore, { name: args.core ?? "" }), {
      hint: t(llmText.noSuchCoreHint, { names: [...new Set(models.map(({ core }) => core))].join(", ") }),
    });
  let exit = 0;
  for (const model of wanted) {
    const startedAt = performance.now();
    const outcome = await client.llm
      .chat(
        { model, messages: [{ role: "user", content: "Answer with the one word: ready" }], maxTokens: 64 },
        { signal },
      )
      .outcome()
      .then(({ result }) => ({ result, error: undefined }))
      .catch((error: unknown) => ({ result: undefined, error: error as Error }));
    const ms = Math.round(performance.now() - startedAt);
    const { content } = outcome.result?.message ?? {};
    const text = typeof content === "string" ? content.trim().slice(0, 200) : "";
    if (outcome.error) exit = 1;
    context.item({ model, ok: !outcome.error, ms, text, problem: outcome.error?.message ?? null }, () =>
      outcome.error
        ? `${paint.bad("✗")} ${t(llmText.fails, { core: model, detail: outcome.error.message })}`
        : `${paint.good("✓")} ${t(llmText.answered, { model, ms, text: JSON.stringify(text) })}`,
    );
  }
  return exit;
}

function firstModels(models: readonly { id: string; core: string }[], core: string | undefined): string[] {
  const first = new Map<string, string>();
  for (const model of models)
    if (!first.has(model.core) && (core === undefined || model.core === core))
      first.set(model.core, model.id.startsWith(`${model.core}/`) ? model.id : `${model.core}/${model.id}`);
  return [...first.values()];
}
