import { z } from "zod";
import { syscall } from "./spec.ts";

const hexSchema = z.string().regex(/^[0-9a-fA-F]{64}$/, "64 hexadecimal digits");

const faultSchema = z.object({
  what: z
    .enum(["event", "hash", "entry", "gone", "cut-off", "end", "stray", "cut", "checkpoint", "key"])
    .describe("see docs/reference/audit.md"),
  number: z.number().describe("of the entry; 0 for an event that is in none"),
  seq: z.number().nullable().describe("of its event"),
  topic: z.string().nullable(),
});

export const auditSyscalls = {
  "audit.verify": syscall({
    args: z.strictObject({
      publicKey: hexSchema
        .optional()
        .describe("Ed25519: nobody else's signature counts; default: the home's, and those that it has replaced"),
      expected: z
        .strictObject({ number: z.number().int().positive(), hash: hexSchema })
        .optional()
        .describe("an entry that must be there, as an earlier look has told it"),
    }),
    result: z.object({
      home: z.string().nullable().describe("whose log it is; null while there is none"),
      first: z.number().describe("entries before this one were forgotten"),
      last: z.number(),
      hash: z.string().describe("of the last entry"),
      events: z.number(),
      lastSeqBefore: z.number().describe("events up to this number are older than the log, and not in it"),
      checkpoints: z.number(),
      signed: z.object({ number: z.number(), atMs: z.number(), key: z.string() }).nullable(),
      replacedKeys: z.array(z.object({ number: z.number(), from: z.string(), to: z.string() })),
      fault: faultSchema.nullable().describe("what is wrong first; null: nothing"),
    }),
    effect: "pure",
    isView: true,
    isAdministrative: true,
    doc: "Go through the audit log, and tell the first entry that is not what was written.",
  }),
} as const;
