import { z } from "zod";
import { memoryOptionsSchema } from "./memory-options.ts";
import { limitSchema, onExhaustedSchema } from "./syscalls/spec.ts";

/** How long an agent's conversation may get. */
const contextSchema = z.strictObject({
  /** Tokens of a request and its answer together. Default: what the model takes. */
  maxTokens: z.number().int().positive().optional(),
  /** Of these, kept free for the answer. Default: the agent's `maxTokens`, else an eighth, at most 4,096. */
  reserveTokens: z.number().int().positive().optional(),
  /** Messages after the task. Default: any number. */
  maxMessages: z.number().int().min(2).optional(),
  /** The oldest part is summed up by the model, is dropped, or the agent fails with E2BIG. */
  onFull: z.enum(["summary", "drop", "fail"]).default("summary"),
});

/** A declarative agent on disk: `agent.yaml` in a folder of its name. */
export const manifestSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "lower-case letters, digits and dashes"),
  version: z.string().default("0.1.0"),
  description: z.string().default(""),
  /** What the model is told first. */
  instructions: z.string().min(1),
  /** Names of the kernel's tools; `file_*` takes a whole family. */
  tools: z.array(z.string()).default([]),
  /**
   * `plan`: the tools that a task takes are chosen from the task alone, before anything else is read, and no other one is called
   * after that. Default: whichever of `tools`, whenever.
   */
  mode: z.literal("plan").optional(),
  model: z.string().default("auto"),
  /** Model calls at most; the loop ends with EDQUOT after them. */
  maxSteps: z.number().int().positive().max(1_000).default(20),
  temperature: z.number().optional(),
  maxTokens: z.number().int().positive().optional(),
  context: contextSchema.optional(),
  /** What it is reminded of, and whether its tasks and answers are kept. Default: neither. */
  memory: memoryOptionsSchema.optional(),
  /** JSON Schema of the answer; without it the answer is text. */
  output: z.record(z.string(), z.unknown()).optional(),
  limits: z.array(limitSchema).default([]),
  /** When a limit is reached: suspended until its window is over, held until a person lets it go on, or refused. Default: suspend. */
  onExhausted: onExhaustedSchema.optional(),
});
export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestInput = z.input<typeof manifestSchema>;
