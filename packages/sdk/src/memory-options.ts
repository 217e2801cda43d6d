import { z } from "zod";
import { tierSchema } from "./note.ts";

const recallOptions = z.strictObject({
  limit: z.number().int().positive().max(50).default(5).describe("notes at most"),
  minSimilarity: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe(
      "what is less like the message stays out; the default suits hashed vectors, others mean more by a number",
    ),
  maxTokens: z.number().int().positive().max(100_000).default(1_500).describe("of all of them together"),
  namespaces: z.array(z.string().max(200)).max(20).optional().describe("default: all that the process reaches"),
  tiers: z.array(tierSchema).optional(),
});
/** Which notes a chat is given: `true` for the defaults. */
export const recallSchema = z.union([z.boolean(), recallOptions]);
export type Recall = z.infer<typeof recallSchema>;

const rememberOptions = z.strictObject({
  namespace: z.string().max(200).optional().describe("default: the process's agent, else the process itself"),
});
/** Where a chat is kept: `true` for the default. */
export const rememberSchema = z.union([z.boolean(), rememberOptions]);
export type Remember = z.infer<typeof rememberSchema>;

/** The same for all chats of an agent, or of every process. */
export const memoryOptionsSchema = z.strictObject({
  recall: recallSchema.default(false).describe("Notes found for the last user message go before it, as data."),
  remember: rememberSchema.default(false).describe("The last user message and its answer become an episodic note."),
});
