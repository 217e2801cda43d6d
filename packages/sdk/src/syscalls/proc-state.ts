import { z } from "zod";
import { isErrno } from "../errors.ts";
import { asCallId } from "../ids.ts";
import { manifestSchema } from "../manifest.ts";
import { confidentialityLevels, trustLevels } from "../note.ts";
import { timingSchema, usageSchema } from "../usage.ts";
import { classSchema, limitSchema, niceSchema, onExhaustedSchema, pidSchema, syscall } from "./spec.ts";

const nameSchema = z.string().min(1).max(100);
const seqSchema = z.number().int().nonnegative();

/** An error as a call of a snapshot ended with it. */
const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  code: z.string().refine(isErrno, "no error code of this release"),
  detail: z.string(),
  retryable: z.boolean(),
  retryAfterMs: z.number().optional(),
  hint: z.string().optional(),
});

/** What a process is, without its calls and without what it holds. */
const heldProcessSchema = z.strictObject({
  is: z.literal("process"),
  pid: pidSchema,
  name: nameSchema,
  program: z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("agent"),
      manifest: manifestSchema,
      task: z.string(),
      modelAsked: z.string().optional(),
      under: z.string().max(200).optional().describe("the agent whose rights it has: its own name is only said"),
    }),
    z.strictObject({ kind: z.literal("module"), file: z.string(), task: z.string() }),
  ]),
  /** The last of its calls that is known here. */
  seq: seqSchema,
  nice: niceSchema,
  class: classSchema,
  model: z.string().nullable(),
  capabilities: z.array(z.string()),
  limits: z.array(limitSchema),
  onExhausted: onExhaustedSchema,
  /** Absent in snapshots from before there were labels: then nothing is known of what it has seen. */
  seen: z
    .strictObject({
      trust: z.enum(trustLevels),
      confidentiality: z.enum(confidentialityLevels),
      readers: z.array(z.string()).nullable(),
      trustFrom: z.string().transform(asCallId).nullable(),
      confidentialityFrom: z.string().transform(asCallId).nullable(),
    })
    .optional(),
  planned: z.array(z.string()).optional(),
  userTexts: z.array(z.string().max(65_536)).max(10_000).optional(),
});

/** A call that its program made, and what it was told. */
const heldCallSchema = z.strictObject({
  is: z.literal("call"),
  seq: z.number().int().positive(),
  name: z.string().min(1).max(100),
  device: z.string().max(1_000),
  state: z.enum(["intent", "done", "failed"]).describe("intent: it may have happened, and nobody knows"),
  request: z.unknown(),
  result: z.unknown(),
  error: problemSchema.nullable(),
  usage: usageSchema,
  timing: timingSchema,
  replayKey: z.string().max(10_000).nullable(),
  requestHash: z.string().max(1_000).nullable(),
  completion: z.number().int().positive().nullable(),
  firstOutputAtMs: z.number().nullable(),
});

/** A piece of what it holds: of a file, a value. */
const heldPieceSchema = z.strictObject({ is: z.literal("held"), holding: z.string(), body: z.unknown() });

const snapshotItemSchema = z.discriminatedUnion("is", [heldProcessSchema, heldCallSchema, heldPieceSchema]);
export type SnapshotItem = z.infer<typeof snapshotItemSchema>;

export const procStateSyscalls = {
  "proc.rollback": syscall({
    args: z.strictObject({ pid: pidSchema, seq: seqSchema.describe("of the last call that holds; 0: none") }),
    result: z.object({
      seq: z.number(),
      calls: z.number().describe("that were undone"),
      unsafe: z
        .array(
          z.object({
            call: z.string(),
            seq: z.number(),
            detail: z.string(),
            isKnown: z.boolean().describe("false: nobody knows whether it happened"),
          }),
        )
        .describe("what they did outside and cannot be undone, 1,000 at most"),
    }),
    effect: "unsafe",
    doc: "Take an agent or a module back to what it was after one of its calls, its files, values and notes with it; it goes on from there.",
  }),
  "proc.fork": syscall({
    args: z.strictObject({
      pid: pidSchema,
      seq: seqSchema.optional().describe("after which call of it; default: the last one"),
      name: nameSchema.optional().describe("default: its name with -fork"),
    }),
    result: z.object({ pid: z.string(), seq: z.number() }),
    effect: "unsafe",
    doc: "Start a second process that was told what this agent or module was told, with copies of its files, values and notes; it goes its own way from there.",
  }),
  "proc.snapshot": syscall({
    args: z.strictObject({
      pid: pidSchema,
      seq: seqSchema
        .optional()
        .describe("after which call; default: the last one. Of the pages after the first: its answer's"),
      after: z.string().optional().describe("`next` of the page before"),
      maxChars: z
        .number()
        .int()
        .positive()
        .max(8_000_000)
        .default(1_000_000)
        .describe("of a page as JSON; one item may be longer"),
    }),
    result: z.object({ seq: z.number(), items: z.array(snapshotItemSchema), next: z.string().nullable() }),
    effect: "pure",
    isView: true,
    doc: "All of an agent or a module as it was after one of its calls, page by page, also while it goes on: what it is, its calls, its files, values and notes.",
  }),
  "proc.import": syscall({
    args: z.strictObject({
      upload: z.string().optional().describe("as the first page was answered"),
      items: z.array(snapshotItemSchema).min(1),
    }),
    result: z.object({ upload: z.string() }),
    effect: "idempotent",
    isView: true,
    doc: "Hand a snapshot in, page by page, in its order. Nothing is there before proc.restore says so; what is left alone for ten minutes is forgotten.",
  }),
  "proc.restore": syscall({
    args: z.strictObject({
      upload: z.string(),
      name: nameSchema.optional().describe("default: as it was called"),
      isSuspended: z.boolean().default(false),
    }),
    result: z.object({
      pid: z.string().describe("with the home's own key as it was, if nobody has had it here"),
      seq: z.number(),
    }),
    effect: "unsafe",
    doc: "Make a process of the snapshot that was handed in: it goes on where that was taken.",
  }),
  "proc.replay": syscall({
    args: z.strictObject({ pid: pidSchema }),
    result: z.object({
      calls: z.number().describe("that the program made again, and was told again"),
      end: z
        .enum(["same", "open", "killed"])
        .describe(
          "same: it returned the same; open: it goes on where its record ends; killed: it was ended there from outside",
        ),
    }),
    effect: "pure",
    isView: true,
    doc: "Run the program of an agent or a module over its record, in a throw-away incarnation that makes no call: EDIVERGED says where it goes another way.",
  }),
} as const;
