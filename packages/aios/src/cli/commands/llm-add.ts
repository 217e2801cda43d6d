import { appendSetting } from "../../config/edit.ts";
import { nearest } from "../../config/nearest.ts";
import { coreKinds } from "../../config/core-schema.ts";
import type { CoreConfig } from "../../config/core-schema.ts";
import { withStoredEnv } from "../../config/secrets.ts";
import { listsModels, probeCore, usualKey } from "../../core-probe.ts";
import { CliError, conflict, usage } from "../cli-error.ts";
import { commonText } from "../messages/common.ts";
import { configText } from "../messages/config.ts";
import { llmText } from "../messages/llm.ts";
import { trialText } from "../messages/trial.ts";
import type { ContextOf } from "../registry.ts";

type Context = ContextOf<"llm add">;

export async function run(context: Context): Promise<void> {
  const { args, options, home, t, signal } = context;
  const { config } = await context.config();
  const kind = kindOf(context);
  const { name } = args;
  if (config.llms.cores.some((core) => core.name === name))
    throw new CliError(conflict, t(llmText.nameTaken, { name }), { hint: t(llmText.nameTakenHint, { name, kind }) });
  const core = coreOf(context, kind);
  const { file } = await appendSetting(home, "llms.cores", core);
  context.say(t(llmText.added, { name, kind, file }));
  if (config.llms.cores.length === 0) context.say(t(llmText.firstCore));
  let problem: string | null = null;
  if (!options.noTest) {
    const results = await probeCore(core, {
      env: withStoredEnv(context.env, home.dir),
      home: home.dir,
      signal,
    });
    for (const { core: label, models, elapsedMs, problem: fault } of results) {
      problem ??= fault?.message ?? null;
      const hint = fault?.hint ? `\n  → ${fault.hint}` : "";
      context.say(
        fault
          ? `${t(llmText.fails, { core: label, detail: fault.message })}${hint}`
          : listsModels(kind)
            ? t(llmText.works, { core: label, ms: Math.round(elapsedMs), count: models.length })
            : t(trialText.setUp, { core: label }),
      );
    }
  }
  context.result({ core, file, problem }, () => "");
  if (home.kernelFile()?.url) context.say(t(configText.refreshIt));
}

/** What people call a kind by: its models, its short name, its file format. */
const otherNames: ReadonlyMap<string, CoreConfig["kind"]> = new Map([
  ["gemini", "google"],
  ["claude", "anthropic"],
  ["grok", "xai"],
  ["hf", "huggingface"],
  ["hugging-face", "huggingface"],
  ["lmstudio", "lm-studio"],
  ["gguf", "llama"],
  ["onnx", "transformers"],
]);

function kindOf({ args, options, t }: Context): CoreConfig["kind"] {
  const said = options.kind ?? args.name;
  const kind = coreKinds.find((each) => each === said);
  if (kind) return kind;
  if (options.kind === undefined && options.package !== undefined) return "ai-sdk";
  // A name of one's own with an address is a server that speaks the same API.
  if (options.kind === undefined && options.baseUrl.length > 0) return "compatible";
  const meant = otherNames.get(said);
  if (meant) return meant;
  const near = nearest(said, coreKinds);
  throw new CliError(usage, t(llmText.unknownKind, { kind: said }), {
    hint: near ? t(commonText.didYouMean, { name: near }) : t(llmText.unknownKindHint, { kinds: coreKinds.join(", ") }),
  });
}

const oneOrList = (values: readonly string[]): string | string[] => (values.length === 1 ? values[0]! : [...values]);

function coreOf(context: Context, kind: CoreConfig["kind"]): CoreConfig {
  const { args, options, t, home } = context;
  const { rpm, burst, concurrency, package: packageName } = options;
  const usual = usualKey(kind, withStoredEnv(context.env, home.dir));
  const literal = options.apiKey.find((reference) => !/^(env|file):./.test(reference));
  if (literal !== undefined)
    throw new CliError(usage, t(llmText.literalKey), {
      hint: t(llmText.literalKeyHint, {
        name: usual ?? `${args.name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}_KEY`,
      }),
    });
  const apiKey =
    options.apiKey.length > 0
      ? oneOrList(options.apiKey)
      : usual !== undefined && options.baseUrl.length === 0
        ? `env:${usual}`
        : undefined;
  const price = options.price === undefined ? undefined : priceOf(options.price, context);
  const models = options.model.map((id) => (price === undefined ? id : { id, price }));
  const limits = {
    ...(rpm === undefined ? {} : { requestsPerMinute: rpm }),
    ...(burst === undefined ? {} : { burst }),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
  return {
    name: args.name,
    kind,
    ...(packageName === undefined ? {} : { package: packageName }),
    ...(options.modelPath === undefined ? {} : { modelPath: options.modelPath }),
    ...(options.baseUrl.length === 0 ? {} : { baseUrl: oneOrList(options.baseUrl) }),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(models.length === 0 ? {} : { models }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}

function priceOf(text: string, { t }: Context): { input: number; output: number } {
  const match = /^(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/.exec(text);
  if (match) return { input: Number(match[1]), output: Number(match[2]) };
  throw new CliError(usage, t(llmText.wrongPrice, { value: text }), { hint: t(llmText.wrongPriceHint) });
}
