import { limitSchema } from "@aiosjs/sdk/protocol";
import { z } from "zod";
import { scripts } from "../kernel/routers/script.ts";
import { llamaShape } from "./llama-shape.ts";

/** A secret is named, never written down: `env:NAME` or `file:PATH`. */
const secretSchema = z
  .string()
  .regex(/^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/, "a secret is a reference: env:NAME or file:PATH")
  .describe("A reference to a secret: env:NAME or file:PATH. The secret itself never stands in a configuration.");

const rateLimitsSchema = z
  .strictObject({
    requestsPerMinute: z.number().positive().optional().describe("Requests that the key may send."),
    inputTokensPerMinute: z.number().positive().optional().describe("Tokens of prompts."),
    outputTokensPerMinute: z.number().positive().optional().describe("Tokens of answers."),
    tokensPerMinute: z.number().positive().optional().describe("Tokens of both, for keys with one limit for all."),
    burst: z
      .number()
      .positive()
      .optional()
      .describe("Requests at once after a pause. Default: two, or one second's worth."),
    concurrency: z.number().int().positive().optional().describe("Calls at once. Default: scheduler.maxConcurrent."),
    outputReserve: z
      .enum(["estimate", "max"])
      .optional()
      .describe(
        "Tokens that are reserved for an answer: as many as answers at that place have, or as many as it may have, for keys whose provider counts max_tokens. Default: estimate.",
      ),
  })
  .describe("What the key allows. What is absent is learned from the upstream's headers.");

const modelSchema = z.union([
  z.string().min(1),
  z.strictObject({
    id: z.string().min(1).describe("The model's name on its server; the second half of core/model."),
    contextTokens: z.number().int().positive().optional().describe("What prompt and answer may have together."),
    maxOutputTokens: z
      .number()
      .int()
      .positive()
      .optional()
      .describe("The longest answer that it gives: requests for more are lowered to it, and budgets reserve no more."),
    serves: z
      .array(z.enum(["llm.chat", "llm.embed"]))
      .min(1)
      .optional()
      .describe(
        "What it can be asked for. Default: llm.embed where the name says so (embed, bge, e5…), else llm.chat.",
      ),
    price: z
      .strictObject({
        input: z.number().nonnegative().describe("For tokens of prompts."),
        output: z.number().nonnegative().describe("For tokens of answers."),
        cachedInput: z.number().nonnegative().optional().describe("For tokens of prompts that the server had cached."),
        cacheWrite: z
          .number()
          .nonnegative()
          .optional()
          .describe("For tokens of prompts that the server writes to its cache. Default: as input."),
        cacheWriteHour: z
          .number()
          .nonnegative()
          .optional()
          .describe("For those that it keeps for an hour or longer. Default: as cacheWrite."),
      })
      .optional()
      .describe("US dollars per million tokens; needed for budgets in dollars. Default: the published list price."),
    quality: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe("How often its answers are good enough; where cost-quality routing starts from."),
  }),
]);

const probability = z.number().min(0).max(1).default(0);

/** Members that only the simulated core has. */
const simShape = {
  seed: z.number().int().optional().describe("sim: the same seed gives the same answers."),
  slots: z.number().int().positive().optional().describe("sim: sequences that decode at once."),
  ttftMs: z.number().nonnegative().optional().describe("sim: median time to the first token."),
  outputTokens: z.number().int().positive().optional().describe("sim: median length of an answer."),
  fixed: z
    .strictObject({
      latencyMs: z.number().nonnegative().describe("Until the first token."),
      tokenMs: z.number().nonnegative().default(0).describe("For each further one."),
    })
    .optional()
    .describe("sim: every call takes the same time, whatever the load."),
  areLimitsDeclared: z.boolean().optional().describe("sim: whether the kernel knows the limits or has to learn them."),
  faults: z
    .strictObject({
      tooManyRequests: probability.describe("A 429 though the limits are kept."),
      serverError: probability.describe("A 500, 502 or 503 before any output."),
      disconnect: probability.describe("The connection closes after some tokens."),
      stall: probability.describe("After some tokens nothing comes any more."),
      malformed: probability.describe("The answer ends in the middle of its JSON."),
      slow: probability.describe("A token only at every eighth step."),
    })
    .optional()
    .describe("sim: probabilities of faults per attempt."),
};

/** Members that only cores of an AI SDK package have. */
const packageShape = {
  package: z
    .string()
    .min(1)
    .optional()
    .describe("ai-sdk: the provider's npm package, installed in the home or beside aiosjs; or ./FILE of the home."),
  create: z
    .string()
    .min(1)
    .optional()
    .describe("ai-sdk: the package's export that makes the provider. Default: the one that is named as the package."),
  options: z
    .record(z.string(), z.unknown())
    .optional()
    .describe("ai-sdk: what that export gets besides key and address; secrets as references."),
};

export const coreKinds = [
  "openai",
  "anthropic",
  "deepseek",
  "groq",
  "vllm",
  "novita",
  "huggingface",
  "ollama",
  "xai",
  "mistral",
  "openrouter",
  "litellm",
  "lm-studio",
  "llama-server",
  "sglang",
  "google",
  "bedrock",
  "azure",
  "cohere",
  "ai-sdk",
  "llama",
  "transformers",
  "compatible",
  "replay",
  "sim",
] as const;

/** Members that only a core of recorded answers has. */
const replayShape = {
  path: z.string().min(1).optional().describe("replay: the recording, relative to the home. Needed for this kind."),
  speed: z
    .enum(["instant", "recorded"])
    .optional()
    .describe("replay: whether answers take the time that they took. Default: instant."),
};

const coreSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/i, "letters, digits, dots, dashes and underscores")
    .describe("The first half of core/model."),
  kind: z
    .enum(coreKinds)
    .describe(
      "Which dialect and quirks; `compatible` for any other server that speaks the OpenAI chat API; `ai-sdk` for any AI SDK provider package; `llama` for a model in this process, `transformers` for one of ONNX weights; `replay` for recorded answers; `sim` is a simulation.",
    ),
  baseUrl: z
    .union([z.url(), z.array(z.url()).min(1)])
    .optional()
    .describe("Default: the kind's own. A list makes one endpoint each, with its own buckets and health."),
  apiKey: z
    .union([secretSchema, z.array(secretSchema).min(1)])
    .optional()
    .describe("A reference, env:NAME or file:PATH; a list makes one endpoint each. The key itself is refused here."),
  models: z
    .array(modelSchema)
    .optional()
    .describe("The first one is what `auto` uses. Default: what the server lists."),
  limits: rateLimitsSchema.optional(),
  headers: z.record(z.string(), z.string()).optional().describe("Sent with every request."),
  batch: z
    .strictObject({
      maxSize: z.number().int().positive().describe("Texts in one request."),
      maxWaitMs: z
        .number()
        .int()
        .nonnegative()
        .default(0)
        .describe("How long a batch call waits for others; an interactive one never does."),
    })
    .optional()
    .describe("Embeddings that wait for the same model go as one request. Default: each goes alone."),
  timeouts: z
    .strictObject({
      connectMs: z.number().positive().optional().describe("Until the connection stands. Default: 10 s."),
      headersMs: z.number().positive().optional().describe("Until the answer begins. Default: 600 s."),
      idleMs: z.number().positive().optional().describe("Between two pieces of an answer. Default: 300 s."),
    })
    .optional()
    .describe("How long the server may take; after it the attempt has failed."),
  record: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Appends each answer to this file, relative to the home, for a core of kind replay: prompts and answers in plain text. Its calls are not batched or preempted.",
    ),
  ...packageShape,
  ...llamaShape,
  ...replayShape,
  ...simShape,
});
export type CoreConfig = z.infer<typeof coreSchema>;

/** Calls, budgets and traces name a core: two of one name could not be told apart. */
function refuseNamesakes(cores: readonly CoreConfig[], context: z.RefinementCtx): void {
  const seen = new Set<string>();
  for (const [index, { name }] of cores.entries()) {
    const message = `another core is called "${name}" already`;
    if (seen.has(name)) context.addIssue({ code: "custom", path: [index, "name"], message });
    seen.add(name);
  }
}

/** One schema: types, defaults, documentation, JSON Schema and environment names all come from it. */
export const configSchema = z.strictObject({
  system: z
    .strictObject({ name: z.string().min(1).default("AIOS").describe("What this kernel is called.") })
    .prefault({}),
  server: z
    .strictObject({
      host: z
        .string()
        .default("127.0.0.1")
        .describe("Any other than the loopback needs allowedHosts, and tls or trustProxy."),
      port: z
        .number()
        .int()
        .min(0)
        .max(65_535)
        .default(4141)
        .describe("0 takes any free one; kernel.json in the home says which."),
      allowedHosts: z
        .array(z.string())
        .default([])
        .describe("What the Host header may say beyond the loopback's names."),
      maxBodyBytes: z.number().int().positive().default(33_554_432).describe("A larger request is refused (413)."),
      maxWaitMs: z
        .number()
        .int()
        .positive()
        .default(240_000)
        .describe("An answer that nothing can hold open ends with EAGAIN after it."),
      trustProxy: z.boolean().default(false).describe("A proxy in front ends TLS."),
      maxNewProcessesPerMinute: z.number().int().positive().default(600).describe("New client processes per key."),
    })
    .prefault({}),
  scheduler: z
    .strictObject({
      policy: z
        .enum(["fifo", "rr", "priority", "edf", "plas-vtc"])
        .default("plas-vtc")
        .describe(
          "Who goes next: by arrival, in turns by process, by nice value with ageing, by earliest deadline, or the tenant and in it the program that has received least.",
        ),
      weights: z
        .record(z.string(), z.number().positive())
        .default({})
        .describe("plas-vtc: a tenant's share against the others', by tenant. Default: 1 each."),
      queueLimit: z.number().int().positive().default(10_000).describe("Waiting calls in all; beyond it EAGAIN."),
      tenantQueueLimit: z.number().int().positive().default(10_000).describe("Waiting calls of one tenant."),
      maxConcurrent: z
        .number()
        .int()
        .positive()
        .default(64)
        .describe("Calls at once on a core that names no concurrency."),
      defaultTimeoutMs: z
        .number()
        .int()
        .positive()
        .default(600_000)
        .describe(
          "A call that has not ended by then fails with ETIMEDOUT; it begins anew when a suspended process goes on.",
        ),
      ageMs: z
        .number()
        .int()
        .positive()
        .default(30_000)
        .describe("priority, plas-vtc: a waiting call rises by one nice level per so many milliseconds."),
      maxAttempts: z
        .number()
        .int()
        .positive()
        .default(4)
        .describe("Attempts of a call whose upstream breaks; 429s do not count."),
      minOutputTokens: z
        .number()
        .int()
        .positive()
        .default(256)
        .describe("A budget that buys fewer output tokens refuses the call."),
      graceMs: z
        .number()
        .int()
        .nonnegative()
        .default(5_000)
        .describe("Time that running calls get to end when the kernel stops."),
      idleReapMs: z
        .number()
        .int()
        .positive()
        .default(600_000)
        .describe("Client processes without a call for so long are ended."),
    })
    .prefault({}),
  llms: z
    .strictObject({
      cores: z
        .array(coreSchema)
        .superRefine(refuseNamesakes)
        .default([])
        .describe("Default: a local Ollama when it answers, and the simulation."),
      router: z
        .strictObject({
          strategy: z
            .enum(["sequential", "weighted", "least-busy", "latency", "cost-quality", "smart", "cascade"])
            .default("sequential")
            .describe(
              "Which model serves a call for auto, or for an alias that names several: in turns, by weight, by load, by expected time, the cheapest that is good enough (smart is another name of it), or cheap first.",
            ),
          weights: z
            .record(z.string(), z.number().nonnegative())
            .default({})
            .describe("weighted: by core/model or core; default: 1. 0 leaves it out."),
          alpha: z
            .number()
            .min(0)
            .max(1)
            .default(0.7)
            .describe("cost-quality: the share of good answers that is kept, in the mean."),
          fallbacks: z
            .record(z.string(), z.array(z.string().min(1)).min(1))
            .default({})
            .describe("By core/model, or the name asked for: the models that are asked next when it has failed."),
          rules: z
            .array(
              z.strictObject({
                lang: z.enum(scripts).describe("Told by the script; latin stands for all that use it."),
                model: z.string().min(1).describe("core/model, or an alias."),
              }),
            )
            .default([])
            .describe("For calls for auto: the model by the language of the last user message."),
        })
        .prefault({}),
      cache: z
        .strictObject({
          url: z
            .string()
            .regex(
              /^(memory:|rediss?:\/\/[^@]+|env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/,
              "memory:, redis://HOST:PORT, or a reference to an address with a password: env:NAME or file:PATH",
            )
            .describe("memory:, redis://HOST:PORT[/DB], or env:NAME / file:PATH of an address that holds a password."),
          ttlS: z.number().positive().default(3_600).describe("How long an answer is kept, in seconds."),
          maxMb: z
            .number()
            .positive()
            .default(64)
            .describe("memory: what was used longest ago goes beyond it. Redis has its own maxmemory."),
          anyTemperature: z
            .boolean()
            .default(false)
            .describe("Keeps answers at any temperature, not at 0 alone, of requests that offer no tools."),
        })
        .optional()
        .describe("Equal requests of a tenant get the answer that there was. Default: each one asks the model."),
      aliases: z
        .record(z.string(), z.union([z.string(), z.array(z.string().min(1)).min(1)]))
        .default({ "*": "auto" })
        .describe("Model names and patterns, and what they mean; of a list the router takes one."),
    })
    .prefault({}),
  journal: z
    .strictObject({
      url: z
        .string()
        .regex(/^(sqlite:.+|memory:)$/, "sqlite:FILE or memory:")
        .default("sqlite:journal.db")
        .describe("Where the state lives: sqlite:FILE (relative to the home), or memory: to keep nothing."),
      keepDays: z.number().positive().default(30).describe("Calls and events older than this are removed."),
      keepMb: z.number().positive().default(2_048).describe("Above this size the oldest are removed first."),
    })
    .prefault({}),
  files: z
    .strictObject({
      root: z.string().default("files").describe("Folder of the processes' files, relative to the home."),
    })
    .prefault({}),
  budgets: z.record(z.string(), z.array(limitSchema)).default({}).describe("Limits per tenant."),
});
export type Config = z.infer<typeof configSchema>;
