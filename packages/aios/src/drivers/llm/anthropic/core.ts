import { SysError, type ChatArgs } from "@aiosjs/sdk/protocol";
import type { ModelSpec, OriginalRequest, RateLimits } from "../../../kernel/ports.ts";
import { Endpoint, type EndpointConfig, type ListingCore } from "../http/endpoint.ts";
import { malformed } from "../http/errors.ts";
import { Exchange } from "../http/exchange.ts";
import { toJson } from "../http/splice.ts";
import { createAnswer } from "./answer.ts";
import { dialect, toCount, toRequest, type Request } from "./request.ts";

export interface AnthropicCoreOptions extends EndpointConfig {
  readonly limits?: RateLimits | undefined;
}

/** Its base URL ends without /v1, as in its own SDK; one that ends so is understood. */
const defaultBaseUrl = "https://api.anthropic.com";
const version = "2023-06-01";

/** A core that speaks Anthropic's messages API: one endpoint, a connection per running call. */
export function createAnthropicCore(options: AnthropicCoreOptions): ListingCore {
  const { name, limits = {} } = options;
  const endpoint = new Endpoint({
    ...options,
    headers: { "anthropic-version": version, ...options.headers },
    baseUrl: (options.baseUrl ?? defaultBaseUrl).replace(/\/v1\/?$/, ""),
    api: "Anthropic's messages API",
    authorize: (apiKey) => ({ "x-api-key": apiKey }),
    modelsPath: "/v1/models?limit=1000",
    readModels,
  });

  const maxOutputTokens = (model: string): number | undefined =>
    endpoint.models().find(({ id }) => id === model)?.maxOutputTokens;

  /** The client's own members with the kernel's decisions in them, or the form in this dialect's words. */
  const requestOf = (args: ChatArgs, model: string, original: OriginalRequest | undefined): Request => {
    if (original?.dialect !== dialect)
      return toRequest(args, { core: name, model, maxOutputTokens: maxOutputTokens(model) });
    const body: Record<string, unknown> = { ...original.members, model };
    if (args.maxTokens !== undefined) body["max_tokens"] = args.maxTokens;
    const betas = args.foreign?.dialect === dialect ? args.foreign.members["betas"] : undefined;
    // The older beta clients say them in the body, where the upstream refuses them.
    delete body["betas"];
    return { body, betas: (betas as readonly string[] | undefined) ?? [], leftOut: [] };
  };
  const headersOf = ({ betas }: Request): Record<string, string> => ({
    ...endpoint.headers,
    ...(betas.length === 0 ? {} : { "anthropic-beta": betas.join(",") }),
  });

  return {
    name,
    endpoint: options.endpoint,
    device: "llm",
    kind: "anthropic",
    isSimulated: false,
    limits,
    honoursMaxTokens: true,
    priceList: "anthropic",
    serves: ["llm.chat"],
    dialects: [dialect],
    resume: "none",
    get isOpenEnded() {
      return !endpoint.isListed;
    },
    get refreshError() {
      return endpoint.refreshError;
    },
    models: () => endpoint.models(),
    refresh: (signal) => endpoint.refresh(signal),
    execute(syscall, args, { model, original, signal }) {
      if (syscall !== "llm.chat") {
        throw new SysError("ENOSYS", `core ${name} does not serve ${syscall}`, {
          hint: "Anthropic's API has chat models only",
        });
      }
      const chat = args as ChatArgs;
      const place = endpoint.place("/v1/messages", model);
      const request = requestOf(chat, model, original);
      return new Exchange({
        pool: endpoint.pool,
        request: {
          path: `${endpoint.path}/v1/messages${request.betas.length > 0 ? "?beta=true" : ""}`,
          method: "POST",
          headers: headersOf(request),
          body: toJson(request.body, original, dialect),
        },
        place,
        answer: createAnswer({ model: `${name}/${model}`, place }),
        forwards: original?.dialect === dialect ? dialect : undefined,
        leftOut: request.leftOut,
        rateLimits: "anthropic",
        wantsDeltas: chat.stream === true,
        signal,
      });
    },
    async count(args, { model, original, signal }) {
      const place = endpoint.place("/v1/messages/count_tokens", model);
      const request = requestOf(args, model, original);
      const json = await endpoint.json(place, {
        path: "/v1/messages/count_tokens",
        method: "POST",
        headers: headersOf(request),
        body: toJson(toCount(request.body), original, dialect),
        signal,
      });
      const { input_tokens: tokens } = (json ?? {}) as { input_tokens?: unknown };
      if (typeof tokens !== "number") throw malformed(place, "counted no tokens");
      return tokens;
    },
    [Symbol.asyncDispose]: () => endpoint[Symbol.asyncDispose](),
  };
}

const positive = (value: unknown): number | undefined => (typeof value === "number" && value > 0 ? value : undefined);

/** GET /v1/models. */
function readModels(json: unknown): ModelSpec[] | undefined {
  const list = (json as { data?: unknown } | null | undefined)?.data;
  if (!Array.isArray(list)) return undefined;
  const models: ModelSpec[] = [];
  for (const wire of list as readonly ({ id?: unknown; max_input_tokens?: unknown; max_tokens?: unknown } | null)[]) {
    if (typeof wire?.id !== "string") continue;
    const [contextTokens, maxOutputTokens] = [positive(wire.max_input_tokens), positive(wire.max_tokens)];
    models.push({ id: wire.id, contextTokens, maxOutputTokens });
  }
  return models;
}
