import { z } from "zod";
import { gates } from "../access-policy.ts";
import { confidentialityLevels, trustLevels } from "../note.ts";
import { pidSchema, syscall } from "./spec.ts";

const originSchema = z.discriminatedUnion("is", [
  z.object({ is: z.literal("user") }),
  z.object({ is: z.literal("contact") }),
  z.object({ is: z.literal("allowlist"), list: z.string() }),
  z.object({ is: z.literal("context") }),
  z.object({ is: z.literal("unknown") }),
]);

/** What the kernel knows of a call that waits for a person's leave; no model has said any of it. */
const gateQuestionSchema = z.object({
  argsHash: z.string().describe("SHA-256 of the call's arguments: the answer is good for these alone"),
  tool: z.string().describe("the tool's name, or the syscall's"),
  effect: z.enum(["read", "write", "exec", "sink"]),
  reasons: z.array(
    z.object({
      gate: z.enum(gates),
      where: z.string().describe("in the policy, as tools.mail_send or rules[2]"),
      why: z.string(),
    }),
  ),
  origins: z
    .array(z.object({ path: z.string(), value: z.string(), origin: originSchema, isMet: z.boolean() }))
    .describe("of arguments at a sink: who vouches for them"),
  sources: z
    .array(z.object({ path: z.string(), call: z.string(), name: z.string() }))
    .describe("the calls in whose results such arguments stood that nobody vouches for"),
  context: z
    .object({
      trust: z.enum(trustLevels),
      confidentiality: z.enum(confidentialityLevels),
      readers: z.array(z.string()).nullable(),
      trustFrom: z.string().nullable(),
      confidentialityFrom: z.string().nullable(),
    })
    .describe("what its process has seen, and which calls made it so"),
});

const approvalViewSchema = z.object({
  id: z.string(),
  pid: z.string(),
  tenant: z.string(),
  call: z.string(),
  kind: z
    .enum(["ambiguous", "gate"])
    .describe("ambiguous: the call was under way when the kernel was killed; gate: it waits for leave to be made"),
  question: z.string(),
  about: gateQuestionSchema.nullable(),
  askedAt: z.number(),
});
export type ApprovalView = z.infer<typeof approvalViewSchema>;

export const approvalSyscalls = {
  "approval.list": syscall({
    args: z.strictObject({}),
    result: z.object({ approvals: z.array(approvalViewSchema) }),
    effect: "pure",
    isView: true,
    isAdministrative: true,
    doc: "Questions that processes wait to have answered by a person, oldest first.",
  }),
  "approval.show": syscall({
    args: z.strictObject({ id: z.string() }),
    result: approvalViewSchema.extend({ name: z.string(), request: z.unknown() }),
    effect: "pure",
    isView: true,
    isAdministrative: true,
    doc: "One question, with the call that it is about.",
  }),
  "approval.answer": syscall({
    args: z.strictObject({
      id: z.string(),
      isApproved: z
        .boolean()
        .describe("true: make the call, or make it again; false: the program is told EPOLICY, or EAMBIGUOUS"),
      result: z.unknown().optional().describe("what the call has returned, where that is known: it is not made again"),
    }),
    result: z.object({}),
    effect: "idempotent",
    isAdministrative: true,
    doc: "Answer a question; the process that waits goes on.",
  }),
  "approval.break": syscall({
    args: z.strictObject({
      pid: pidSchema,
      name: z.string().min(1).max(200).describe("the tool's, or the syscall's"),
      forMs: z.number().int().positive().max(3_600_000).default(600_000).describe("an hour at most"),
      why: z.string().min(1).max(1_000).describe("stands in the audit log"),
    }),
    result: z.object({ untilMs: z.number() }),
    effect: "idempotent",
    isAdministrative: true,
    doc: "Break the glass: for a time a person is asked about each call of a process that the policy forbids outright. It is on the audit log, and over with the kernel.",
  }),
} as const;
