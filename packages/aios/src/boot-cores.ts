import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import { makeAiSdkCore } from "./boot-ai-sdk.ts";
import { makeLlamaCore } from "./boot-llama.ts";
import { makeReplayCore, recorded, stampOf } from "./boot-replay.ts";
import { makeTransformersCore } from "./boot-transformers.ts";
import type { CoreConfig } from "./config/core-schema.ts";
import type { Config } from "./config/schema.ts";
import { resolveSecret } from "./config/secrets.ts";
import { createAnthropicCore } from "./drivers/llm/anthropic/core.ts";
import { aiSdkKind, isAiSdkKind } from "./drivers/llm/ai-sdk/kinds.ts";
import { createDownCore } from "./drivers/llm/down.ts";
import { locateWeights } from "./drivers/llm/hugging-face/locate.ts";
import { isReference } from "./drivers/llm/hugging-face/reference.ts";
import { createOpenAiCore } from "./drivers/llm/openai/core.ts";
import { discoverOllama } from "./drivers/llm/openai/ollama.ts";
import { createSimCore } from "./drivers/llm/sim/core.ts";
import type { Clock, Core, ModelSpec } from "./kernel/ports.ts";
import { priceListOf } from "./price-lists.ts";

type Env = Readonly<Record<string, string | undefined>>;

const asList = <Item>(value: Item | readonly Item[] | undefined): readonly (Item | undefined)[] =>
  Array.isArray(value) ? (value as readonly Item[]) : [value as Item | undefined];

/** What runs on the own machine, and a simulation, costs no money. */
const isFree = (kind: CoreConfig["kind"]): boolean =>
  ["sim", "replay", "llama", "transformers", "ollama", "llama-server", "lm-studio"].includes(kind);

/** A real model without a price is one whose price nobody told. */
const modelsOf = ({ kind, models }: CoreConfig): ModelSpec[] | undefined =>
  models?.map((model) => {
    const spec = typeof model === "string" ? { id: model } : model;
    return isFree(kind) ? { price: { input: 0, output: 0 }, ...spec } : spec;
  });

/** Makes cores of the configuration, and keeps those whose configuration stayed over a refresh. */
export class CoreShelf implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #readEnv: () => Env;
  #env: Env = {};
  readonly #home: string;
  /** By everything that makes a core what it is. */
  #made = new Map<string, Core & Partial<AsyncDisposable>>();

  /** `env` is read at each stocking: keys may have come since. */
  constructor(options: { clock: Clock; env: () => Env; home: string }) {
    this.#clock = options.clock;
    this.#readEnv = options.env;
    this.#home = options.home;
  }

  /**
   * The cores that this configuration names; without any, a local Ollama if one answers, and the simulation. One that
   * cannot be made is there and down: its trouble is not the others'.
   * @throws SysError EINVAL for one that cannot be made although it was up; then nothing has changed.
   */
  async stock({ llms }: Config): Promise<readonly Core[]> {
    this.#env = this.#readEnv();
    const before = [...this.#made.values()];
    const made = new Map<string, Core & Partial<AsyncDisposable>>();
    const configured = llms.cores.length > 0 ? llms.cores : await this.#defaults();
    for (const core of configured)
      for (const [endpoint, { baseUrl, apiKey }] of endpointsOf(core).entries()) {
        const place = { home: this.#home, clock: this.#clock };
        const stamp = await stampOf(core, this.#home);
        const weights = await weightsOf(core, this.#env);
        const identity = JSON.stringify([core, endpoint, await this.#secretsOf(core), stamp, weights]);
        const known = this.#made.get(identity);
        if (known && !known.down) made.set(identity, known);
        else {
          const fresh = await this.#make(core, { endpoint, baseUrl, apiKey }).catch((problem: unknown) => {
            const { name, kind } = core;
            const wasUp = before.some((one) => one.name === name && one.endpoint === endpoint && !one.down);
            if (!isSysError(problem) || wasUp) throw problem;
            return createDownCore({ name, kind, endpoint, models: modelsOf(core), problem });
          });
          Object.assign(fresh, { priceList: priceListOf(core.kind, baseUrl) });
          made.set(identity, fresh.down ? fresh : recorded(fresh, core, place));
        }
      }
    const gone = [...this.#made].filter(([identity]) => !made.has(identity));
    this.#made = made;
    // Calls that run on a core that is gone end there; its connections close after them.
    for (const [, core] of gone) void core[Symbol.asyncDispose]?.();
    return [...made.values()];
  }

  /** What the references of a core stand for now: a key that was exchanged makes another core. */
  async #secretsOf(core: CoreConfig): Promise<readonly unknown[]> {
    const references = JSON.stringify(core).match(/(?<=")(env|file):[^"]+(?=")/g) ?? [];
    const values = references.map((one) => resolveSecret(one, { env: this.#env, what: core.name }).catch(() => null));
    const own = isAiSdkKind(core.kind) ? Object.values(aiSdkKind(core.kind).env) : [];
    return [...(await Promise.all(values)), ...own.map((name) => this.#env[name] ?? null)];
  }

  async #defaults(): Promise<CoreConfig[]> {
    const ollama = await discoverOllama({ host: this.#env["OLLAMA_HOST"] ?? "", signal: new AbortController().signal });
    const sim: CoreConfig = { name: "sim", kind: "sim", slots: 4, seed: 1 };
    if (!ollama || ollama.models.length === 0) return [sim];
    return [
      { name: "ollama", kind: "ollama", baseUrl: ollama.baseUrl, models: ollama.models.map(({ id }) => id) },
      sim,
    ];
  }

  async #make(
    core: CoreConfig,
    at: { endpoint: number; baseUrl: string | undefined; apiKey: string | undefined },
  ): Promise<Core & Partial<AsyncDisposable>> {
    const { name, kind, limits, batch: batching } = core;
    const models = modelsOf(core);
    if (kind === "sim") {
      const { seed, slots, ttftMs, outputTokens, fixed, areLimitsDeclared, faults } = core;
      const parameters = {
        seed,
        slots,
        ttftMs,
        outputTokens,
        fixed,
        areLimitsDeclared,
        faults,
        models,
        limits,
        batching,
      };
      return createSimCore({ ...withoutAbsent(parameters), clock: this.#clock, name });
    }
    if (kind === "replay") return await makeReplayCore(core, { models, home: this.#home, clock: this.#clock });
    if (kind === "llama") {
      const made = await makeLlamaCore(core, { models, home: this.#home, env: this.#env });
      // Loaded in the background; what is wrong with it is what the first call says.
      made.open().catch(() => undefined);
      return made;
    }
    if (kind === "transformers") {
      const made = await makeTransformersCore(core, { models, home: this.#home, env: this.#env });
      made.open().catch(() => undefined); // as above
      return made;
    }
    if (isAiSdkKind(kind)) {
      const made = await makeAiSdkCore({ ...core, kind }, { ...at, models, env: this.#env, home: this.#home });
      made.refresh().catch(() => undefined);
      return made;
    }
    const apiKey =
      at.apiKey === undefined ? undefined : await resolveSecret(at.apiKey, { env: this.#env, what: `core ${name}` });
    const endpoint = {
      name,
      endpoint: at.endpoint,
      baseUrl: at.baseUrl,
      apiKey,
      keyReference: at.apiKey,
      models,
      limits,
      headers: core.headers,
      timeouts: core.timeouts,
      batching,
    };
    const made = kind === "anthropic" ? createAnthropicCore(endpoint) : createOpenAiCore({ ...endpoint, kind });
    // Read in the background; what is wrong with it is what `doctor` and the first call say.
    if (!models) made.refresh().catch(() => undefined);
    return made;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#made.values()].map(async (core) => core[Symbol.asyncDispose]?.()));
  }
}

/** Which weights a name on the hub stands for now: a pull of a newer commit makes another core. */
async function weightsOf({ name, kind, modelPath = "" }: CoreConfig, env: Env): Promise<string | undefined> {
  if (!isReference(modelPath)) return undefined;
  const form = kind === "transformers" ? "onnx" : "gguf";
  // What is wrong with it is said where the core is made.
  const found = await locateWeights(modelPath, { core: name, env, form }).catch(() => undefined);
  return found?.path;
}

/** Lists of addresses and keys pair up; a single one goes with each of the others. */
export function endpointsOf({
  name,
  baseUrl,
  apiKey,
}: CoreConfig): { baseUrl: string | undefined; apiKey: string | undefined }[] {
  const [urls, keys] = [asList(baseUrl), asList(apiKey)];
  if (urls.length > 1 && keys.length > 1 && urls.length !== keys.length)
    throw new SysError("EINVAL", `core ${name} has ${urls.length} base URLs and ${keys.length} keys`, {
      hint: "give as many keys as base URLs, or one of either",
    });
  return Array.from({ length: Math.max(urls.length, keys.length) }, (_, index) => ({
    baseUrl: urls[urls.length > 1 ? index : 0],
    apiKey: keys[keys.length > 1 ? index : 0],
  }));
}

type Present<Table> = { [Key in keyof Table]?: Exclude<Table[Key], undefined> };

/** Absent members take the driver's defaults; `undefined` would replace them. */
function withoutAbsent<Table extends object>(table: Table): Present<Table> {
  return Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined)) as Present<Table>;
}
