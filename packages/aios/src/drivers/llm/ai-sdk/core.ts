import { SysError, type ChatArgs, type EmbedArgs, type EmbedResult } from "@aiosjs/sdk/protocol";
import type { Core, DriverContext, DriverEvent, ModelSpec, RateLimits } from "../../../kernel/ports.ts";
import type { Timeouts } from "../http/endpoint.ts";
import { readLimits } from "../http/rate-limits.ts";
import { createAnswer } from "./answer.ts";
import { inBatches } from "./batches.ts";
import { embed } from "./embed.ts";
import { brokenOff, cancellation, toSysError, type Place } from "./errors.ts";
import { createFetch } from "./fetch.ts";
import { readGoogleModels } from "./google-models.ts";
import { aiSdkKind, rateLimitsOf, type AiSdkKind } from "./kinds.ts";
import { makeProvider, type ProviderModule } from "./load.ts";
import { toCallOptions } from "./request.ts";
import { checkVersion, type ChatModel, type EmbeddingModel } from "./spec.ts";

type Batch = readonly DriverEvent[];

export interface AiSdkCoreOptions {
  readonly name: string;
  /** Which of the core's endpoints this is, from 0. */
  readonly endpoint: number;
  readonly kind: AiSdkKind;
  readonly packageName: string;
  /** What `loadPackage` gave. */
  readonly module: ProviderModule;
  /** The export that makes the provider. Default: the kind's, else the one that is named as the package. */
  readonly create?: string | undefined;
  /** What that export gets besides key, address, headers and fetch; secrets are resolved. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /** Values in `options` that no message may repeat. */
  readonly secrets?: readonly string[] | undefined;
  /** Default: the package's own. */
  readonly baseUrl?: string | undefined;
  readonly apiKey?: string | undefined;
  /** What messages name instead of the key: `env:NAME`. */
  readonly keyReference?: string | undefined;
  /** Default: what Google lists for kind google; else none, and every name is tried. */
  readonly models?: readonly ModelSpec[] | undefined;
  readonly limits?: RateLimits | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly timeouts?: Timeouts | undefined;
}

export interface AiSdkCore extends Core, AsyncDisposable {
  /** Reads the list of models again where the kind has one. Rejects with what went wrong. */
  refresh(signal?: AbortSignal): Promise<void>;
}

/**
 * Most packages write the model's name into an address, as it is. A caller's `../../files` there would be another address,
 * asked with the core's key.
 */
function checkName(model: string, core: string): void {
  if (
    /^[^\s?#%\\\p{C}]+$/u.test(model) &&
    !model.split("/").some((step) => step === "." || step === ".." || step === "")
  )
    return;
  throw new SysError("ENOENT", `core ${core} does not have model ${JSON.stringify(model.slice(0, 80))}`, {
    hint: '"aios llm ls" lists what is there',
  });
}

/** A list older than this is read again the next time somebody asks; until it is there, the old one is answered. */
const modelsMaxAgeMs = 10 * 60_000;
const googleUrl = "https://generativelanguage.googleapis.com/v1beta";

/**
 * A core over any AI SDK provider package, at the level of its model specification (`doGenerate`, `doStream`, `doEmbed`):
 * no retry, no tool loop and no pacing of its own, for all of that is the kernel's.
 * @throws SysError EINVAL where the package is no provider or refuses its options.
 */
export function createAiSdkCore(options: AiSdkCoreOptions): AiSdkCore {
  const { name, endpoint, kind, packageName, apiKey, keyReference, baseUrl, headers, limits = {} } = options;
  const row = aiSdkKind(kind);
  const network = createFetch(options.timeouts ?? {});
  const provider = makeProvider(options.module, {
    core: name,
    packageName,
    create: options.create === undefined ? row.create : [options.create],
    options: {
      ...options.options,
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(baseUrl === undefined ? {} : { baseURL: baseUrl }),
      ...(headers === undefined ? {} : { headers: { ...(options.options?.["headers"] as object), ...headers } }),
      fetch: network.fetch,
    },
  });
  const secrets = [...(options.secrets ?? []), ...(apiKey === undefined || apiKey === "" ? [] : [apiKey])];
  const place = (model: string): Place => ({
    core: name,
    url: baseUrl ?? packageName,
    model,
    apiKey,
    keyReference,
    packageName,
    api: `one that ${packageName} speaks to`,
    secrets,
  });
  const limitsIn = (response: { headers?: Readonly<Record<string, string>> | undefined } | undefined): Batch => {
    const seen = readLimits(response?.headers ?? {}, rateLimitsOf(packageName), Date.now());
    return seen === undefined ? [] : [{ type: "limits", limits: seen }];
  };

  let listed = options.models ?? [];
  let readAtMs: number | undefined;
  let reading: Promise<void> | undefined;
  const lists = options.models === undefined && row.lists === "google";

  const read = async (signal: AbortSignal): Promise<void> => {
    try {
      const response = await network.fetch(`${(baseUrl ?? googleUrl).replace(/\/+$/, "")}/models?pageSize=1000`, {
        headers: { ...(apiKey === undefined ? {} : { "x-goog-api-key": apiKey }), ...headers },
        signal,
      });
      const body = await response.text();
      if (!response.ok) {
        const responseHeaders = Object.fromEntries(response.headers);
        throw { statusCode: response.status, responseBody: body, responseHeaders, url: response.url };
      }
      const models = readGoogleModels(JSON.parse(body));
      if (models === undefined) throw new SysError("EIO", `core ${name} sent something else than a list of models`);
      listed = models;
    } catch (cause) {
      throw toSysError(cause, place(""), { signal, length: 0 });
    } finally {
      readAtMs = Date.now();
      reading = undefined;
    }
  };

  async function* chat(args: ChatArgs, { model, signal }: DriverContext): AsyncGenerator<Batch> {
    if (signal.aborted) throw cancellation(signal);
    const where = place(model);
    const leaving = new AbortController();
    let length = 0;
    try {
      checkName(model, name);
      const asked = checkVersion<ChatModel>(provider.languageModel?.(model), { core: name, packageName });
      const request = toCallOptions(args, {
        core: name,
        provider: asked.provider,
        version: asked.specificationVersion,
        supportedUrls: (await asked.supportedUrls) ?? {},
      });
      if (request.leftOut.length > 0) yield [{ type: "request.adapted", leftOut: request.leftOut }];
      const answer = createAnswer({ model: `${name}/${model}`, provider: asked.provider });
      const called = { ...request.options, abortSignal: AbortSignal.any([signal, leaving.signal]) };
      if (args.stream === true) {
        const { stream, response } = await orAborted(asked.doStream(called), signal);
        const seen = limitsIn(response);
        if (seen.length > 0) yield seen;
        for await (const parts of inBatches(stream, signal)) {
          const batch: DriverEvent[] = [];
          let failed: { error: unknown } | undefined;
          for (const part of parts) if ((failed = answer.take(part, batch)) !== undefined) break;
          length = answer.length;
          if (batch.length > 0) yield batch;
          if (failed !== undefined) throw failed.error;
        }
      } else {
        const generated = await orAborted(asked.doGenerate(called), signal);
        const batch: DriverEvent[] = [...limitsIn(generated.response)];
        const told: DriverEvent[] = [];
        answer.takeWhole(generated, told);
        batch.push(...told.filter((event) => event.type === "request.adapted"));
        if (batch.length > 0) yield batch;
        length = answer.length;
      }
      if (signal.aborted) throw cancellation(signal);
      if (!answer.isComplete) throw brokenOff(where, length);
      yield [answer.result()];
    } catch (cause) {
      throw toSysError(cause, where, { signal, length });
    } finally {
      leaving.abort();
    }
  }

  async function* vectors(args: EmbedArgs, { model, signal }: DriverContext): AsyncGenerator<Batch> {
    if (signal.aborted) throw cancellation(signal);
    try {
      checkName(model, name);
      const made = provider.embeddingModel ? provider.embeddingModel(model) : provider.textEmbeddingModel?.(model);
      const asked = checkVersion<EmbeddingModel>(made, { core: name, packageName });
      const { embeddings, usage, leftOut, responses } = await orAborted(
        embed(asked, args, { core: name, signal }),
        signal,
      );
      const seen = responses.flatMap((response) => [...limitsIn(response)]);
      const told: DriverEvent[] = leftOut.length > 0 ? [{ type: "request.adapted", leftOut }] : [];
      const result: EmbedResult = { embeddings, model: `${name}/${model}` };
      yield [...told, ...seen, usage === undefined ? { type: "result", result } : { type: "result", result, usage }];
    } catch (cause) {
      throw toSysError(cause, place(model), { signal, length: 0 });
    }
  }

  return {
    name,
    endpoint,
    device: "llm",
    kind,
    isSimulated: false,
    limits,
    honoursMaxTokens: true,
    serves: ["llm.chat", "llm.embed"],
    dialects: [],
    resume: "none",
    get isOpenEnded() {
      return options.models === undefined && listed.length === 0;
    },
    models() {
      const isStale = readAtMs === undefined || Date.now() - readAtMs > modelsMaxAgeMs;
      if (lists && reading === undefined && isStale) {
        reading = read(new AbortController().signal);
        // The first call says what is wrong; nobody waits for this one.
        reading.catch(() => undefined);
      }
      return listed;
    },
    async refresh(signal) {
      if (!lists) return;
      reading = read(signal ?? new AbortController().signal);
      await reading;
    },
    execute(syscall, args, context) {
      if (syscall === "llm.chat") return chat(args as ChatArgs, context);
      if (syscall === "llm.embed") return vectors(args as EmbedArgs, context);
      throw new SysError("ENOSYS", `core ${name} does not serve ${syscall}`, {
        hint: "a core of an AI SDK package serves llm.chat and llm.embed",
      });
    },
    [Symbol.asyncDispose]: () => network.close(),
  };
}

/** Some packages do not listen to their signal: then their answer comes to nobody. */
async function orAborted<Value>(work: PromiseLike<Value>, signal: AbortSignal): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(cancellation(signal));
  signal.addEventListener("abort", leave);
  if (signal.aborted) leave();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
