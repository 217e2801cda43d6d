import { z } from "zod";
import { limitSchema } from "./syscalls/spec.ts";

/** A declarative agent on disk: `agent.yaml` in a folder of its name. */
export const manifestSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "lower-case letters, digits and dashes"),
  version: z.string().default("0.1.0"),
  description: z.string().default(""),
  /** What the model is told first. */
  instructions: z.string().min(1),
  /** Names of the kernel's tools; `file_*` takes a whole family. */
  tools: z.array(z.string()).default([]),
  model: z.string().default("auto"),
  /** Model calls at most; the loop ends with EDQUOT after them. */
  maxSteps: z.number().int().positive().max(1_000).default(20),
  temperature: z.number().optional(),
  maxTokens: z.number().int().positive().optional(),
  /** JSON Schema of the answer; without it the answer is text. */
  output: z.record(z.string(), z.unknown()).optional(),
  limits: z.array(limitSchema).default([]),
});
export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestInput = z.input<typeof manifestSchema>;
