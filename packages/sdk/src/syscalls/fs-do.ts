import { z } from "zod";
import { syscall } from "./spec.ts";

const stepSchema = z.strictObject({
  call: z
    .enum([
      "fs.read",
      "fs.list",
      "fs.search",
      "fs.history",
      "fs.diff",
      "fs.write",
      "fs.append",
      "fs.mkdir",
      "fs.move",
      "fs.copy",
      "fs.remove",
      "fs.restore",
      "fs.rollback",
      "fs.share",
      "fs.unshare",
      "fs.mount",
    ])
    .describe("a syscall"),
  args: z.record(z.string(), z.unknown()).describe("its own"),
  risk: z.enum(["reads", "changes", "overwrites", "removes", "opens to others"]),
  isUndoable: z.boolean(),
  needsAsking: z.boolean().describe("a person says yes before it is done"),
});
/** A call that a request asks for, as it is shown before it is made. */
export type FileStep = z.infer<typeof stepSchema>;

const steps = z.array(stepSchema).max(200);
const approval = z.string().max(100);

export const fsDo = syscall({
  args: z.strictObject({
    request: z
      .string()
      .min(1)
      .max(8_000)
      .optional()
      .describe("in English or Chinese: remove the folder drafts, then show me what is in notes/"),
    steps: steps.min(1).optional().describe("instead of it: the steps of an answer, as they are there"),
    approval: approval.optional().describe("with `steps`: what that answer gave for them"),
    isPlanOnly: z.boolean().default(false).describe("tells the steps, and does nothing"),
  }),
  result: z.object({
    steps: steps.describe("in their order; none where something is unclear"),
    by: z.enum(["model", "rules", "caller"]).describe("who made them of the request; the caller brought them itself"),
    why: z.string().optional().describe("why no model made them"),
    unclear: z
      .object({
        is: z.enum(["words", "quote", "path", "which", "time", "many", "whole"]),
        what: z.string().describe("the words of the request"),
        hint: z.string().describe("the documented form that is nearest"),
      })
      .optional()
      .describe("nothing is guessed: what was not understood"),
    approval: approval
      .optional()
      .describe("nothing was done: send the steps with this, from the same process, and they are"),
    outcomes: z
      .array(
        z.discriminatedUnion("is", [
          z.object({ is: z.literal("done"), result: z.unknown().describe("of the step's syscall") }),
          z.object({
            is: z.literal("failed"),
            error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }),
          }),
          z.object({ is: z.literal("left") }),
        ]),
      )
      .describe("one of each step; behind one that failed they are `left`. Empty: nothing was done"),
    undo: z
      .object({ steps, approval })
      .optional()
      .describe("what takes back all that was done and can be taken back; for another fs.do"),
  }),
  effect: "idempotent",
  doc: "Do what a request in plain words asks for, by calls of the same process; what overwrites, removes or opens to others is told first, and done when it is sent back with its approval.",
});
