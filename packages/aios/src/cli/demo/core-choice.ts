import type { Limit } from "@aiosjs/sdk";
import { CliError, notFound, usage } from "../cli-error.ts";
import type { CommandContext } from "../context.ts";
import { demoText } from "../messages/demo.ts";
import { budgetUsd, providers, providersIn, tokensPerAgent, upperBoundUsd } from "./providers.ts";
import type { Provider } from "./providers.ts";

/** What the twelve agents share. */
export interface CoreChoice {
  /** Entries of `llms.cores`. */
  readonly cores: readonly Readonly<Record<string, unknown>>[];
  /** `core/model` that every agent asks for. */
  readonly model: string;
  readonly isSimulated: boolean;
  readonly slots: number;
  readonly ratePerMinute?: number;
  /** Of every agent, besides its role's own. */
  readonly limits: readonly Limit[];
  /** The most the run can cost; absent where it costs nothing. */
  readonly atMostUsd?: number;
  readonly provider?: Provider;
}

/** Fewer slots than agents, and a rate that makes them queue: scarce, as real capacity is. */
const [slots, ratePerMinute, burst] = [3, 360, 6];

const simulated = (): CoreChoice => ({
  cores: [
    {
      name: "sim",
      kind: "sim",
      slots,
      seed: 1,
      limits: { requestsPerMinute: ratePerMinute, burst, concurrency: slots },
    },
  ],
  model: "sim/sim",
  isSimulated: true,
  slots,
  ratePerMinute,
  limits: [],
});

type Asking = Pick<CommandContext, "env" | "signal" | "t">;

/**
 * The core that was asked for; else a local Ollama where one answers, else the simulation. A provider is used only by
 * name, for it costs money.
 * @throws CliError when the provider is unknown, has no key, or no Ollama answers.
 */
export async function chooseCore(wanted: string | undefined, { env, signal, t }: Asking): Promise<CoreChoice> {
  if (wanted === "sim") return simulated();
  if (wanted === undefined || wanted === "ollama") {
    const local = await localCore(env, signal);
    if (local) return local;
    if (wanted === undefined) return simulated();
    throw new CliError(notFound, t(demoText.noOllama), { hint: t(demoText.noOllamaHint) });
  }
  const provider = providers.find(({ name }) => name === wanted);
  const names = ["sim", "ollama", ...providers.map(({ name }) => name)].join(", ");
  if (!provider) throw new CliError(usage, t(demoText.unknownCore, { name: wanted, names }));
  if (!providersIn(env).includes(provider))
    throw new CliError(["EAUTH", 4], t(demoText.noKey, { key: provider.keyName, name: wanted }), {
      hint: t(demoText.noKeyHint, { key: provider.keyName, name: wanted }),
    });
  return hosted(provider);
}

async function localCore(
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<CoreChoice | undefined> {
  const { discoverOllama } = await import("../../local-models.ts");
  const ollama = await discoverOllama({ host: env["OLLAMA_HOST"] ?? "", signal });
  // Models that only embed cannot talk.
  const model = ollama?.models.find(({ id }) => !/embed|bge-|minilm|rerank/i.test(id));
  if (!ollama || !model) return undefined;
  return {
    cores: [
      { name: "ollama", kind: "ollama", baseUrl: ollama.baseUrl, models: [model.id], limits: { concurrency: slots } },
    ],
    model: `ollama/${model.id}`,
    isSimulated: false,
    slots,
    limits: [],
  };
}

function hosted(provider: Provider): CoreChoice {
  const { name, keyName, model, price } = provider;
  return {
    cores: [
      { name, kind: name, apiKey: `env:${keyName}`, models: [{ id: model, price }], limits: { concurrency: slots } },
    ],
    model: `${name}/${model}`,
    isSimulated: false,
    slots,
    limits: [
      { resource: "tokens", window: "run", limit: tokensPerAgent },
      { resource: "costUsd", window: "run", limit: budgetUsd / 12 },
    ],
    atMostUsd: upperBoundUsd(provider, 12),
    provider,
  };
}
