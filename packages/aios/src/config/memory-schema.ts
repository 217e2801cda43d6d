import { memoryOptionsSchema } from "@aiosjs/sdk/protocol";
import { z } from "zod";
import { memoryIndexSchema } from "./memory-index-schema.ts";

const quotaMb = z.number().positive().max(1_000_000);

export const memorySchema = z
  .strictObject({
    embedder: z
      .string()
      .regex(/^(hashed|[^/]+\/.+)$/, "hashed, or the CORE/MODEL that is to make the vectors")
      .default("hashed")
      .describe(
        "What makes the vectors that notes and files are found by: hashed words and pieces of words, or a CORE/MODEL that serves llm.embed. After a change all are embedded anew in the background.",
      ),
    dimensions: z
      .number()
      .int()
      .positive()
      .optional()
      .describe("Numbers of a vector, for models that can shorten theirs. Default: as the model makes them."),
    index: memoryIndexSchema.prefault({}),
    defaultQuotaMb: quotaMb
      .default(64)
      .describe(
        "What the notes of one namespace may take: a process's, an agent's, a group's. 1,024 notes a megabyte.",
      ),
    tenantQuotaMb: quotaMb.default(256).describe("What all notes of a tenant may take."),
    globalLimitMb: quotaMb.default(512).describe("What all notes may take."),
    recall: memoryOptionsSchema.shape.recall.describe(
      "Every chat that says nothing of it is given the notes found for its last user message: true, or how many and how long.",
    ),
    consolidate: z
      .enum(["off", "text", "model"])
      .default("text")
      .describe(
        "While no model is busy, working and episodic notes of more than a day that say much the same, or matter, become long-term: text lets the worthiest last, model has the tenant's model make one note of each group.",
      ),
    consolidateEveryMs: z
      .number()
      .int()
      .min(60_000)
      .default(3_600_000)
      .describe("How often it is looked whether there are such notes."),
    remember: memoryOptionsSchema.shape.remember.describe(
      "Every chat that says nothing of it is kept as an episodic note: true, or in which namespace.",
    ),
  })
  .refine(({ embedder, dimensions }) => embedder !== "hashed" || dimensions === undefined, {
    path: ["dimensions"],
    message: "hashed vectors have a length of their own: name a model as memory.embedder, or leave dimensions out",
  });
