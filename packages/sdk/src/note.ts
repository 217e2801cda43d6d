import { z } from "zod";

/**
 * Where a note lives: `working` is bounded and belongs to the present task, `episodic` tells what happened, `long-term` is
 * distilled from both and stays.
 */
export const tierSchema = z.enum(["working", "episodic", "long-term"]);
export type Tier = z.infer<typeof tierSchema>;

/** The most trusted first. */
export const trustLevels = ["kernel", "user", "workspace", "tool", "untrusted"] as const;
/** The least confidential first. */
export const confidentialityLevels = ["public", "internal", "private", "secret"] as const;

/** How far what a text says may be trusted, and who may hear of it. */
export const labelsSchema = z.strictObject({
  trust: z.enum(trustLevels),
  confidentiality: z.enum(confidentialityLevels).default("internal"),
  readers: z
    .array(z.string().min(1).max(200))
    .max(100)
    .optional()
    .describe("who alone may hear of it; absent: nobody is kept from it"),
});
export type Labels = z.infer<typeof labelsSchema>;

export const noteLinkSchema = z.object({
  to: z.string().describe("the other note's id"),
  strength: z.number().min(0).max(1),
  why: z.string().describe("in a few words; empty where nobody said"),
});
export type NoteLink = z.infer<typeof noteLinkSchema>;

/** What is said about a note's content: by whoever adds it, by a model, or extracted from the text. */
const noteDescriptionSchema = z.object({
  keywords: z.array(z.string()),
  tags: z.array(z.string()),
  context: z.string().describe("one sentence: what the note is about"),
  category: z.string(),
});
export type NoteDescription = z.infer<typeof noteDescriptionSchema>;

export const noteSchema = noteDescriptionSchema.extend({
  id: z.string(),
  namespace: z.string().describe("process:PID, agent:NAME, group:NAME or tenant"),
  content: z.string(),
  links: z.array(noteLinkSchema),
  importance: z.number().min(0).max(1),
  tier: tierSchema,
  isPinned: z.boolean().describe("never evicted"),
  labels: labelsSchema,
  source: z.object({
    pid: z.string().describe("the process that wrote this version"),
    call: z.string().describe("the call that wrote this version"),
    uri: z.string().describe("where the content comes from; empty: from the process itself"),
  }),
  version: z.number().describe("1 for a new note, one more with every change"),
  createdAt: z.number(),
  updatedAt: z.number(),
  accessedAt: z.number(),
  retrievalCount: z.number(),
});
export type Note = z.infer<typeof noteSchema>;
