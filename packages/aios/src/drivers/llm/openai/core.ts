import { SysError, type ChatArgs, type EmbedArgs } from "@aiosjs/sdk/protocol";
import type { Core, RateLimits } from "../../../kernel/ports.ts";
import { Endpoint, type EndpointConfig, type ListingCore } from "../http/endpoint.ts";
import { Exchange } from "../http/exchange.ts";
import { toJson } from "../http/splice.ts";
import { createAnswer } from "./answer.ts";
import { embed } from "./embeddings.ts";
import { readModels, withGuess } from "./models.ts";
import { quirksOf, type OpenAiKind, type Quirks } from "./quirks.ts";
import { toBody } from "./request.ts";
import { createResponseReader, isPassedOn, responsesDialect, toResponsesBody } from "./responses.ts";

export interface OpenAiCoreOptions extends EndpointConfig {
  readonly kind: OpenAiKind;
  readonly limits?: RateLimits | undefined;
  /** Texts that may go as one request. Default: each call's alone. */
  readonly batching?: Core["batching"];
  readonly quirks?: Partial<Quirks> | undefined;
}

const dialect = "openai";

/** A core that speaks OpenAI's chat completions: one endpoint, a connection per running call. */
export function createOpenAiCore(options: OpenAiCoreOptions): ListingCore {
  const { name, kind, limits = {} } = options;
  const quirks: Quirks = { ...quirksOf(kind, options.baseUrl), ...options.quirks };
  const endpoint = new Endpoint({
    ...options,
    models: options.models?.map(withGuess),
    baseUrl: options.baseUrl ?? quirks.baseUrl,
    api: "an OpenAI-compatible API",
    authorize: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
    modelsPath: "/models",
    readModels,
  });
  return {
    name,
    endpoint: options.endpoint,
    device: "llm",
    kind,
    isSimulated: false,
    limits,
    honoursMaxTokens: true,
    serves: ["llm.chat", "llm.embed"],
    dialects: quirks.hasResponses ? [dialect, responsesDialect] : [dialect],
    resume: "none",
    batching: options.batching,
    get isOpenEnded() {
      // Until a list is there, the upstream decides which names exist.
      return quirks.isOpenEnded || !endpoint.isListed;
    },
    get refreshError() {
      return endpoint.refreshError;
    },
    models: () => endpoint.models(),
    refresh: (signal) => endpoint.refresh(signal),
    execute(syscall, args, { model, call, original, signal }) {
      if (syscall === "llm.embed") {
        return embed(args as EmbedArgs, {
          pool: endpoint.pool,
          path: `${endpoint.path}/embeddings`,
          headers: endpoint.headers,
          place: endpoint.place("/embeddings", model),
          rateLimits: quirks.rateLimits,
          signal,
        });
      }
      if (syscall !== "llm.chat") {
        throw new SysError("ENOSYS", `core ${name} does not serve ${syscall}`, {
          hint: "a model core serves llm.chat and llm.embed",
        });
      }
      const chat = args as ChatArgs;
      if (quirks.hasResponses && isPassedOn(original)) {
        const where = endpoint.place("/responses", model);
        return new Exchange({
          pool: endpoint.pool,
          request: {
            path: `${endpoint.path}/responses`,
            method: "POST",
            headers: endpoint.headers,
            body: toJson(toResponsesBody(chat, original, model), original, responsesDialect),
          },
          place: where,
          answer: createResponseReader({ model: `${name}/${model}`, place: where }),
          forwards: responsesDialect,
          rateLimits: quirks.rateLimits,
          wantsDeltas: chat.stream === true,
          signal,
        });
      }
      const place = endpoint.place("/chat/completions", model);
      const isOwn = original?.dialect === dialect;
      const leftOut = new Set<string>();
      const body = toBody(chat, { core: name, model, quirks, isOwn }, leftOut);
      return new Exchange({
        pool: endpoint.pool,
        request: {
          path: `${endpoint.path}/chat/completions`,
          method: "POST",
          headers: endpoint.headers,
          body: toJson(body, original, dialect),
        },
        place,
        answer: createAnswer({
          model: `${name}/${model}`,
          idPrefix: call,
          place,
          withholdsUsage: isOwn && !asksForUsage(original.members),
        }),
        forwards: isOwn ? dialect : undefined,
        leftOut: [...leftOut],
        rateLimits: quirks.rateLimits,
        wantsDeltas: chat.stream === true,
        signal,
      });
    },
    [Symbol.asyncDispose]: () => endpoint[Symbol.asyncDispose](),
  };
}

const asksForUsage = ({ stream_options: options }: Readonly<Record<string, unknown>>): boolean =>
  (options as { include_usage?: unknown } | null | undefined)?.include_usage === true;
