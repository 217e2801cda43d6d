import { z } from "zod";
import { llamaShape } from "./llama-shape.ts";

/** A secret is named, never written down: `env:NAME` or `file:PATH`. */
export const secretSchema = z
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

export const coreSchema = z.strictObject({
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
export function refuseNamesakes(cores: readonly CoreConfig[], context: z.RefinementCtx): void {
  const seen = new Set<string>();
  for (const [index, { name }] of cores.entries()) {
    const message = `another core is called "${name}" already`;
    if (seen.has(name)) context.addIssue({ code: "custom", path: [index, "name"], message });
    seen.add(name);
  }
}
