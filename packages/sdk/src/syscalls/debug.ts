import { z } from "zod";
import { errnoTable } from "../errors.ts";
import type { Errno } from "../errors.ts";
import { pidSchema, syscall } from "./spec.ts";

const heldCallSchema = z.object({
  call: z.string(),
  pid: z.string(),
  name: z.string(),
  args: z.unknown(),
  heldAt: z.number(),
});
export type HeldCall = z.infer<typeof heldCallSchema>;

export const debugSyscalls = {
  "proc.debug": syscall({
    args: z.strictObject({
      pid: pidSchema,
      debugger: z.string().optional().describe("as the first answer says; left out, one begins"),
      break: z
        .array(z.string().min(1).max(100))
        .max(100)
        .optional()
        .describe("hold calls of these names, as llm.*; from now on. Default: every call"),
      step: z.boolean().default(false).describe("hold the next call, whatever it is"),
      waitMs: z.number().int().nonnegative().max(10_000).default(10_000).describe("for a call to be held"),
      detach: z.boolean().default(false).describe("leave: all that is held goes on"),
    }),
    result: z.object({
      debugger: z.string(),
      held: z.array(heldCallSchema).describe("calls that wait for proc.release, oldest first"),
      hasEnded: z.boolean().describe("the process has"),
    }),
    effect: "idempotent",
    isView: true,
    isAdministrative: true,
    doc: "Hold calls of a process before they are admitted, and wait for one. Asked again and again: a debugger that does not ask for 5 s has left, and what it held goes on.",
  }),
  "proc.release": syscall({
    args: z.strictObject({
      call: z.string(),
      args: z.unknown().optional().describe("the call is made with these instead"),
      result: z.unknown().optional().describe("it is not made: its program is told this"),
      error: z
        .strictObject({ code: z.enum(Object.keys(errnoTable) as [Errno, ...Errno[]]), message: z.string().min(1) })
        .optional()
        .describe("it is not made: its program is told that it failed"),
      step: z.boolean().default(false).describe("hold the process's next call"),
    }),
    result: z.object({}),
    effect: "idempotent",
    isView: true,
    isAdministrative: true,
    doc: "Let a held call go on, as it is or edited, or answer it in its device's place.",
  }),
} as const;
