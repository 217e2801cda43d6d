import { z } from "zod";
import { accessPolicySchema, gateSchema, toolAccessSchema } from "../access-policy.ts";
import { confidentialityLevels, labelsSchema, trustLevels } from "../note.ts";
import { syscall } from "./spec.ts";

const originSchema = z.discriminatedUnion("is", [
  z.object({ is: z.literal("user") }),
  z.object({ is: z.literal("contact") }),
  z.object({ is: z.literal("allowlist"), list: z.string() }),
  z.object({ is: z.literal("context") }),
  z.object({ is: z.literal("unknown") }),
]);

const explanationSchema = z.object({
  name: z.string().describe("the tool's, or the syscall's"),
  agent: z.string().describe("as the policy knows it"),
  arguments: z.unknown(),
  context: labelsSchema.describe("what its process had seen"),
  isRecorded: z.boolean().describe("whether that stands in the record of the call; else it is as of now, or as given"),
  decided: z
    .object({
      gate: gateSchema,
      where: z.string().nullable(),
      why: z.string().nullable(),
      isBySamePolicy: z.boolean().describe("the policy in force is the one that it was judged by"),
    })
    .nullable()
    .describe(
      "what was decided when the call was made; null: nothing is on record. All else is by the policy as it is now",
    ),
  gate: gateSchema,
  effect: toolAccessSchema.shape.effect,
  reasons: z
    .array(z.object({ gate: gateSchema, where: z.string().describe("in the policy"), why: z.string() }))
    .describe("why it is not milder, the strictest first"),
  origins: z
    .array(z.object({ path: z.string(), value: z.string(), origin: originSchema, isMet: z.boolean() }))
    .describe("of arguments that sinks want something of"),
  returns: labelsSchema.describe("of its result, at least"),
  sandbox: z.string().nullable(),
});
export type Explanation = z.infer<typeof explanationSchema>;

export const policySyscalls = {
  "policy.show": syscall({
    args: z.strictObject({}),
    result: z.object({
      isShipped: z.boolean().describe("the home has no policy of its own"),
      policy: accessPolicySchema,
      shipped: z.record(z.string(), toolAccessSchema).describe("rows of syscalls that the policy says nothing of"),
    }),
    effect: "pure",
    isView: true,
    isAdministrative: true,
    doc: "What may be called, and how.",
  }),
  "policy.explain": syscall({
    args: z.strictObject({
      call: z.string().optional().describe("one that was made; the rest is taken from it where it is not given"),
      pid: z.string().optional().describe("as if this process made it"),
      agent: z.string().optional(),
      name: z.string().min(1).optional().describe("of a tool or a syscall"),
      arguments: z.unknown().optional(),
      context: z
        .strictObject({
          trust: z.enum(trustLevels).optional(),
          confidentiality: z.enum(confidentialityLevels).optional(),
          readers: z.array(z.string()).optional(),
        })
        .optional()
        .describe("what the process has seen; default: as it is recorded, or what a person says"),
      said: z.array(z.string()).optional().describe("what people have told it"),
    }),
    result: explanationSchema,
    effect: "pure",
    isView: true,
    isAdministrative: true,
    doc: "What the policy as it is now says of a call, and why: one that was made, or one that could be.",
  }),
} as const;
