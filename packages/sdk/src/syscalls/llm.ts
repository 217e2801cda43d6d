import { z } from "zod";
import { recallSchema, rememberSchema } from "../memory-options.ts";
import { timingSchema, usageSchema } from "../usage.ts";
import { jsonObjectSchema, syscall } from "./spec.ts";

/**
 * What one dialect says beyond this form: `members` of the wire's object, which replace there what the form says.
 * A core of that dialect sends them as they are. Another one leaves out those that are `hints` and tells so
 * (`request.adapted`), for the answer means the same without them (cache marks, tiers, user ids); any other is EINVAL.
 */
const foreignMembers = z
  .strictObject({ dialect: z.string(), members: jsonObjectSchema, hints: z.array(z.string()).optional() })
  .optional();
export type Foreign = NonNullable<z.infer<typeof foreignMembers>>;

const textPart = z.strictObject({ type: z.literal("text"), text: z.string(), foreign: foreignMembers });
/** `url` is http(s): or data:. */
const imagePart = z.strictObject({
  type: z.literal("image"),
  url: z.string(),
  detail: z.string().optional(),
  foreign: foreignMembers,
});
/** A document, most often a PDF. `url` is http(s): or data: with its media type. */
const filePart = z.strictObject({
  type: z.literal("file"),
  url: z.string(),
  filename: z.string().optional(),
  foreign: foreignMembers,
});
/** A part that only one dialect knows; a core of another dialect refuses it with EINVAL. */
const foreignPart = z.strictObject({ type: z.literal("foreign"), dialect: z.string(), value: z.unknown() });

const toolCallSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** JSON text exactly as the model wrote it; it may be malformed. */
  arguments: z.string(),
  foreign: foreignMembers,
});
export type ToolCall = z.infer<typeof toolCallSchema>;

const systemMessage = z.strictObject({
  role: z.enum(["system", "developer"]),
  content: z.union([z.string(), z.array(textPart)]),
  name: z.string().optional(),
  foreign: foreignMembers,
});
const userMessage = z.strictObject({
  role: z.literal("user"),
  content: z.union([z.string(), z.array(z.discriminatedUnion("type", [textPart, imagePart, filePart, foreignPart]))]),
  name: z.string().optional(),
  foreign: foreignMembers,
});
const assistantMessage = z.strictObject({
  role: z.literal("assistant"),
  content: z
    .union([z.string(), z.array(textPart)])
    .nullable()
    .default(null),
  toolCalls: z.array(toolCallSchema).optional(),
  /** What the model thought, as far as it showed it. */
  reasoning: z.string().optional(),
  /**
   * The same as its upstream wrote it, in order: signed or encrypted blocks (Anthropic's thinking, OpenAI's reasoning items).
   * A core of that dialect sends them back unaltered; another one has only `reasoning`.
   */
  reasoningBlocks: z.array(z.strictObject({ dialect: z.string(), value: jsonObjectSchema })).optional(),
  refusal: z.string().nullable().optional(),
  name: z.string().optional(),
  foreign: foreignMembers,
});
const toolMessage = z.strictObject({
  role: z.literal("tool"),
  callId: z.string(),
  content: z.union([z.string(), z.array(z.discriminatedUnion("type", [textPart, imagePart, filePart, foreignPart]))]),
  /** The tool failed; a core whose dialect cannot say it leaves it to the text. */
  isError: z.boolean().optional(),
  foreign: foreignMembers,
});
const messageSchema = z.discriminatedUnion("role", [systemMessage, userMessage, assistantMessage, toolMessage]);
export type Message = z.infer<typeof messageSchema>;
export type AssistantMessage = z.infer<typeof assistantMessage>;

const toolSchema = z.strictObject({
  name: z.string().min(1),
  description: z.string().optional(),
  /** JSON Schema of the arguments. */
  parameters: jsonObjectSchema.optional(),
  strict: z.boolean().nullable().optional(),
  foreign: foreignMembers,
});
export type Tool = z.infer<typeof toolSchema>;

export const chatArgsSchema = z.strictObject({
  /** `core/model`, a model that one core lists, an alias, or `auto`. */
  model: z.string().min(1).default("auto"),
  messages: z.array(messageSchema).min(1),
  tools: z.array(toolSchema).optional(),
  toolChoice: z.union([z.enum(["auto", "none", "required"]), z.strictObject({ name: z.string() })]).optional(),
  parallelToolCalls: z.boolean().optional(),
  responseFormat: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("text") }),
      z.strictObject({ type: z.literal("json") }),
      z.strictObject({
        type: z.literal("json-schema"),
        name: z.string(),
        schema: jsonObjectSchema.optional(),
        description: z.string().optional(),
        strict: z.boolean().nullable().optional(),
      }),
    ])
    .optional(),
  /** Upper bound of output tokens; the kernel lowers it to what the budgets still buy. */
  maxTokens: z.number().int().positive().optional(),
  temperature: z.number().optional(),
  topP: z.number().optional(),
  stop: z.array(z.string()).optional(),
  seed: z.number().int().optional(),
  frequencyPenalty: z.number().optional(),
  presencePenalty: z.number().optional(),
  reasoningEffort: z.string().optional(),
  /** Whether deltas are wanted; without it a core may answer in one piece. */
  stream: z.boolean().optional(),
  /** Names the place in the program, so that output lengths are predicted per place. */
  callSite: z.string().max(200).optional(),
  /** Whether notes that are found for the last user message go before it; the model is told that they are data. */
  recall: recallSchema.optional(),
  /** Whether the last user message and its answer are kept as a note. */
  remember: rememberSchema.optional(),
  /** Members of the request itself beyond this form. */
  foreign: foreignMembers,
  /** What a foreign door wants on record with the call, to speak of it later; no core reads it. */
  door: z.strictObject({ dialect: z.string(), members: jsonObjectSchema }).optional(),
});
export type ChatArgs = z.infer<typeof chatArgsSchema>;

const chatResultSchema = z.object({
  message: assistantMessage,
  finishReason: z.enum(["stop", "length", "tool-calls", "content-filter", "other"]),
  /** `core/model` that answered. */
  model: z.string(),
  /** The upstream's own id of this answer. */
  upstreamId: z.string().optional(),
  /** True where a budget lowered `maxTokens` (finish reason `length` may follow from it). */
  isClamped: z.boolean().optional(),
  /** True where no model answered but a simulation. */
  isSimulated: z.boolean().optional(),
  /** True where nobody was asked: the answer is one of a recording. */
  isRecorded: z.boolean().optional(),
  /** Members of the upstream's answer beyond this form (log probabilities, fingerprints). */
  foreign: z.object({ dialect: z.string(), members: jsonObjectSchema }).optional(),
  /** True where the answer came from the response cache and no model was asked. */
  isCached: z.boolean().optional(),
  /** What memory had to do with it, where it was asked for. */
  memory: z
    .object({
      recalled: z.array(z.object({ id: z.string(), version: z.number(), score: z.number() })).optional(),
      /** Notes that were found and did not fit. */
      left: z.number().optional(),
      /** Why no notes were looked for or kept. */
      why: z.string().optional(),
      remembered: z.string().optional().describe("the note that was kept"),
    })
    .optional(),
});
export type ChatResult = z.infer<typeof chatResultSchema>;

const embedArgsSchema = z.strictObject({
  /** As in `llm.chat`; `auto` is the first core that has an embedding model. */
  model: z.string().min(1).default("auto"),
  /** Texts, or token ids of the model. */
  input: z.array(z.union([z.string(), z.array(z.number().int())])).min(1),
  /** Length of the vectors, where the model can shorten them. */
  dimensions: z.number().int().positive().optional(),
  foreign: foreignMembers,
});
export type EmbedArgs = z.infer<typeof embedArgsSchema>;

const embedResultSchema = z.object({
  /** One vector for each input, in order. */
  embeddings: z.array(z.array(z.number())),
  /** `core/model` that answered. */
  model: z.string(),
  isSimulated: z.boolean().optional(),
  /** True where nobody was asked: the answer is one of a recording. */
  isRecorded: z.boolean().optional(),
  /** True where the answer came from the response cache and no model was asked. */
  isCached: z.boolean().optional(),
  foreign: z.object({ dialect: z.string(), members: jsonObjectSchema }).optional(),
});
export type EmbedResult = z.infer<typeof embedResultSchema>;

const bucketView = z.object({
  name: z.string(),
  perMinute: z.number(),
  burst: z.number(),
  level: z.number(),
  source: z.enum(["configured", "learned"]),
});
/** US dollars per million tokens. */
const priceView = z.object({
  input: z.number(),
  output: z.number(),
  cachedInput: z.number().optional(),
  cacheWrite: z.number().optional(),
  cacheWriteHour: z.number().optional(),
  /** The day of the price list; absent: the configuration or the upstream said it. */
  asOf: z.string().optional(),
});
const laneView = z.object({
  lane: z.string(),
  core: z.string(),
  model: z.string(),
  isSimulated: z.boolean(),
  queued: z.number(),
  running: z.number(),
  concurrency: z.number(),
  buckets: z.array(bucketView),
  cooldownUntil: z.number().nullable(),
  price: priceView.nullable(),
  done: z.number(),
  failed: z.number(),
  refused: z.number().describe("429, 503 and 529 answers of the upstream"),
  cached: z.number().optional().describe("answers of this model that the response cache gave again"),
  usage: usageSchema.optional().describe("since the kernel was started"),
});

export const llmSyscalls = {
  "llm.chat": syscall({
    args: chatArgsSchema,
    result: chatResultSchema,
    effect: "pure",
    doc: "Ask a model. Streams text, reasoning and tool-call deltas; waits in the run queue while the core is busy.",
  }),
  "llm.embed": syscall({
    args: embedArgsSchema,
    result: embedResultSchema,
    effect: "pure",
    doc: "Turn texts into vectors. Calls that wait for the same model may share one request to it.",
  }),
  "llm.count": syscall({
    args: chatArgsSchema,
    result: z.object({
      inputTokens: z.number(),
      /** False where the model's tokenizer is not at hand: bytes times a ratio learned from its answers. */
      isExact: z.boolean(),
      model: z.string(),
    }),
    effect: "pure",
    isView: true,
    doc: "How many tokens a chat request is for the model that would answer it. Asks no model.",
  }),
  "llm.recall": syscall({
    args: z.strictObject({ call: z.string() }),
    result: z.object({
      state: z.enum(["queued", "running", "done", "failed"]),
      /** As `llm.chat` took it. */
      request: z.unknown(),
      /** As `llm.chat` answered; null until then, and after a failure. */
      result: z.unknown(),
      error: z.unknown(),
      usage: usageSchema,
      timing: timingSchema,
    }),
    effect: "pure",
    isView: true,
    doc: "An earlier chat of the caller's tenant (under a process key: of the process), while the journal keeps it: what was asked and what was answered.",
  }),
  "llm.forget": syscall({
    args: z.strictObject({ call: z.string() }),
    result: z.object({}),
    effect: "idempotent",
    doc: "Drop the answer of an earlier chat from the journal: it can be recalled no more. What it cost stays on record.",
  }),
  "llm.models": syscall({
    args: z.strictObject({}),
    result: z.object({
      models: z.array(
        z.object({
          id: z.string(),
          core: z.string(),
          kind: z.string(),
          isSimulated: z.boolean(),
          serves: z.array(z.enum(["llm.chat", "llm.embed"])).describe("what it can be asked for"),
          contextTokens: z.number().optional(),
          price: priceView.optional(),
        }),
      ),
      aliases: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
    }),
    effect: "pure",
    isView: true,
    doc: "The models that the cores list, and the aliases.",
  }),
  "llm.lanes": syscall({
    args: z.strictObject({}),
    result: z.object({ lanes: z.array(laneView) }),
    effect: "pure",
    isView: true,
    doc: "The run queues in front of the models: length, slots, rate buckets, cooldown.",
  }),
} as const;
