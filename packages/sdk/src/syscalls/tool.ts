import { z } from "zod";
import { jsonObjectSchema, syscall } from "./spec.ts";

export const toolSyscalls = {
  "tool.list": syscall({
    args: z.strictObject({}),
    result: z.object({
      tools: z.array(
        z.object({
          name: z.string(),
          description: z.string(),
          parameters: jsonObjectSchema,
          effect: z.enum(["pure", "idempotent", "unsafe"]),
          isNamed: z.boolean().optional().describe("who wants it asks for it by its name: no pattern means it"),
          isForeign: z.boolean().optional().describe("what it says of itself are a stranger's words"),
        }),
      ),
    }),
    effect: "pure",
    isView: true,
    doc: "The tools that the kernel offers.",
  }),
  "tool.call": syscall({
    args: z.strictObject({ name: z.string().min(1), arguments: jsonObjectSchema }),
    result: z.object({ content: z.string() }),
    effect: "unsafe",
    doc: "Run a tool. A tool that cannot do what was asked fails with a sentence the model can act on.",
  }),
} as const;
