import { z } from "zod";
import { timingSchema, usageSchema } from "../usage.ts";
import { pidSchema, syscall } from "./spec.ts";

const callStateSchema = z
  .enum(["queued", "running", "done", "failed", "ambiguous", "undone"])
  .describe("ambiguous: it may have happened, and a person is asked; undone: its process was taken back behind it");

const callViewSchema = z.object({
  call: z.string(),
  pid: z.string(),
  seq: z.number(),
  name: z.string(),
  device: z.string(),
  state: callStateSchema,
  detail: z.string().describe("one line: what was asked"),
  code: z.string().nullable(),
  error: z.string().nullable(),
  usage: usageSchema,
  timing: timingSchema,
  firstOutputAt: z.number().nullable().optional().describe("when the first piece of its answer came"),
  callSite: z.string().optional().describe("of a model call: where in its program it was made"),
  tool: z.string().optional().describe("of tool.call: which one"),
  incarnation: z.number().optional().describe("the start of its program that made it, from 1"),
  replayKey: z.string().nullable().optional().describe("its place in a program that is replayed: `lane#n`"),
  requestHash: z.string().optional().describe("with `digests`: of what was asked"),
  resultHash: z.string().optional().describe("with `digests`: of what came; absent for a call without a result"),
});
export type CallView = z.infer<typeof callViewSchema>;

const historyEventSchema = z.object({
  seq: z.number(),
  topic: z.string(),
  pid: z.string(),
  at: z.number(),
  body: z.record(z.string(), z.unknown()),
});
export type HistoryEvent = z.infer<typeof historyEventSchema>;

export const traceSyscalls = {
  "proc.trace": syscall({
    args: z.strictObject({
      pid: pidSchema,
      tree: z.boolean().default(false).describe("its children's too, all in order of time"),
      afterSeq: z.number().int().nonnegative().default(0),
      after: z
        .record(pidSchema, z.number().int().nonnegative())
        .optional()
        .describe("`next` of the answer before; instead of afterSeq"),
      limit: z.number().int().positive().max(10_000).default(1_000),
      names: z.array(z.string().min(1)).optional().describe("only these; `*` stands for any text: `llm.*`"),
      states: z.array(callStateSchema).optional(),
      minMs: z
        .number()
        .nonnegative()
        .optional()
        .describe("only those that took, or have taken, so long, waiting included"),
      since: z.number().optional().describe("only those made at this instant or later"),
      until: z.number().optional().describe("only those made before this instant"),
      digests: z.boolean().default(false).describe("with hashes of what was asked and what came"),
      endedAfter: z
        .number()
        .int()
        .nonnegative()
        .optional()
        .describe(
          "`cursor` of the answer before: waits for calls that ended since, and answers with them in the order of their ends",
        ),
    }),
    result: z.object({
      calls: z.array(callViewSchema),
      next: z.record(z.string(), z.number()).nullable().describe("where the next page begins; null: there is none"),
      cursor: z.number().describe("for `endedAfter`"),
      hasEnded: z.boolean().describe("nothing will follow: the process has ended, and its last call"),
    }),
    effect: "pure",
    isView: true,
    doc: "The syscalls of a process in order of arrival, or as they end: what, when, how long, at what cost.",
  }),
  "proc.history": syscall({
    args: z.strictObject({
      pid: pidSchema,
      after: z.number().int().nonnegative().default(0).describe("`cursor` of the answer before"),
      limit: z.number().int().positive().max(10_000).default(1_000),
      wait: z.boolean().default(false).describe("where nothing has happened since, answer when something does"),
    }),
    result: z.object({
      events: z.array(historyEventSchema),
      cursor: z.number(),
      hasEnded: z.boolean().describe("nothing will follow"),
    }),
    effect: "pure",
    isView: true,
    doc: "What happened to a process: spawned, signalled, suspended, resumed, out of budget, compacted, exited.",
  }),
} as const;
