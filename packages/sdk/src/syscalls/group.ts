import { z } from "zod";
import { syscall } from "./spec.ts";

const NAME = "[\\p{L}\\p{N}][\\p{L}\\p{N}._-]{0,127}";
const group = z
  .string()
  .regex(new RegExp(`^${NAME}$`, "u"), "a name: letters, digits, dots, dashes and underscores")
  .describe("its name");
const member = z
  .string()
  .regex(new RegExp(`^(?:process|agent):${NAME}$`, "u"), "process:PID or agent:NAME")
  .describe("process:PID, or agent:NAME: every process of that agent");
const access = z.enum(["read", "write"]).describe("of the group's own notes: read them, or write them, too");
const shares = z.boolean().describe("whether the others in the group read its notes");

const groupMemberSchema = z.object({
  member,
  access,
  shares,
  expiresAt: z.number().nullable().describe("when its membership is over, Unix epoch milliseconds; null: it stays"),
});
export type GroupMember = z.infer<typeof groupMemberSchema>;

export const groupSyscalls = {
  "group.create": syscall({
    args: z.strictObject({ group }),
    result: z.object({ created: z.boolean().describe("false: it was there") }),
    effect: "idempotent",
    isAdministrative: true,
    doc: "Make a group: its members reach the notes of `group:NAME`, and what they share with each other.",
  }),
  "group.add": syscall({
    args: z.strictObject({
      group,
      member,
      access: access.default("write"),
      shares: shares.default(false),
      expiresInMs: z.number().int().positive().optional().describe("how long it is a member. Default: for ever"),
    }),
    result: z.object({ added: z.boolean().describe("false: it was in the group, and now is so") }),
    effect: "idempotent",
    isAdministrative: true,
    doc: "Take a process or an agent into a group, or change what it may there.",
  }),
  "group.remove": syscall({
    args: z.strictObject({ group, member }),
    result: z.object({ removed: z.boolean().describe("false: it was not in the group") }),
    effect: "idempotent",
    isAdministrative: true,
    doc: "Take a member out of a group: from now on it reaches nothing by it, and shares nothing.",
  }),
  "group.share": syscall({
    args: z.strictObject({
      group,
      member: member
        .optional()
        .describe("whose notes; a process: its own or its agent's. Default: the process that calls"),
      shares: shares.default(true),
    }),
    result: z.object({}),
    effect: "idempotent",
    doc: "Let the others in a group read one's own notes, or no longer. They read them, and change nothing.",
  }),
  "group.list": syscall({
    args: z.strictObject({}),
    result: z.object({
      groups: z.array(z.object({ group, members: z.array(groupMemberSchema), createdAt: z.number() })),
    }),
    effect: "pure",
    isView: true,
    doc: "The tenant's groups; a process sees those that it is in.",
  }),
  "group.delete": syscall({
    args: z.strictObject({ group }),
    result: z.object({ deleted: z.boolean().describe("false: there was none") }),
    effect: "idempotent",
    isAdministrative: true,
    doc: "Delete a group. The notes of `group:NAME` stay, for the tenant's keys alone.",
  }),
} as const;
