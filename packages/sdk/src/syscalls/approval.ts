import { z } from "zod";
import { syscall } from "./spec.ts";

const approvalViewSchema = z.object({
  id: z.string(),
  pid: z.string(),
  tenant: z.string(),
  call: z.string(),
  kind: z.string().describe("ambiguous: the call was under way when the kernel was killed"),
  question: z.string(),
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
      isApproved: z.boolean().describe("true: make the call again; false: the program is told EAMBIGUOUS"),
      result: z.unknown().optional().describe("what the call has returned, where that is known: it is not made again"),
    }),
    result: z.object({}),
    effect: "idempotent",
    isAdministrative: true,
    doc: "Answer a question; the process that waits goes on.",
  }),
} as const;
