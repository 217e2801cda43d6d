import { z } from "zod";
import { labelsSchema } from "../note.ts";
import { pidSchema, syscall } from "./spec.ts";

const bodySchema = z.unknown().describe("JSON, at most 1,048,576 characters");
const timeoutMs = z.number().int().positive().optional().describe("ETIMEDOUT after so long; default: no end");
const messageSchema = z.object({
  from: z.string().nullable().describe("pid of the sender; null: no process of its own, as a person at a terminal"),
  body: z.unknown(),
  at: z.number().describe("when it was sent"),
});
const pipeSchema = z.string().min(1).max(64);
const keySchema = z.string().min(1).max(200);

export const mailSyscalls = {
  "proc.send": syscall({
    args: z.strictObject({ pid: pidSchema, body: bodySchema, timeoutMs }),
    result: z.object({}),
    effect: "unsafe",
    doc: "Send a message to a process: one that the caller may see, or its parent. It is in the inbox exactly once when the call returns, whatever crashes; while the inbox is full (1,000 messages or 16,777,216 characters) the call waits. ESRCH when the process has ended, ENOSPC when nothing was sent, EAGAIN when 268,435,456 characters of messages wait unread in the tenant.",
  }),
  "proc.receive": syscall({
    args: z.strictObject({ timeoutMs }),
    result: messageSchema,
    effect: "unsafe",
    doc: "Take the next message out of the caller's own inbox, in the order in which they were sent; waits for one. Exactly once: taking it and this call's result are one commit. A call that is cancelled, fails or times out takes nothing.",
  }),
  "proc.sleep": syscall({
    args: z
      .strictObject({
        ms: z
          .number()
          .int()
          .nonnegative()
          .max(315_360_000_000)
          .optional()
          .describe("counted from the call's first making"),
        untilMs: z.number().nonnegative().optional().describe("an instant, in Unix epoch milliseconds"),
        key: keySchema.optional().describe("`proc.wake` with this key ends it early"),
      })
      .refine(
        ({ ms, untilMs, key }) => (ms ?? untilMs ?? key) !== undefined && (ms === undefined || untilMs === undefined),
        {
          message: "takes ms or untilMs, or a key to wait for",
        },
      ),
    result: z.object({ wokenBy: z.enum(["time", "key"]), value: z.unknown().describe("what `proc.wake` gave") }),
    effect: "idempotent",
    doc: "Sleep for a time, until an instant, or until somebody wakes the key. It outlives the kernel: a program that is replayed sleeps on for what is left, and what has woken it meanwhile is not lost.",
  }),
  "proc.wake": syscall({
    args: z.strictObject({ key: keySchema, value: bodySchema.optional() }),
    result: z.object({ pids: z.array(z.string()).describe("who was woken") }),
    effect: "unsafe",
    doc: "Wake all processes that sleep on a key, among those that the caller may send to. Who begins to sleep later is not woken.",
  }),
  "proc.now": syscall({
    args: z.strictObject({}),
    result: z.object({ nowMs: z.number().describe("Unix epoch milliseconds") }),
    effect: "pure",
    doc: "The time, on record: a program that is replayed reads the same again.",
  }),
  "proc.random": syscall({
    args: z.strictObject({}),
    result: z.object({ value: z.number().describe("uniform in [0, 1)") }),
    effect: "pure",
    doc: "A random number, on record: a program that is replayed draws the same again.",
  }),
  "proc.uuid": syscall({
    args: z.strictObject({}),
    result: z.object({ uuid: z.string().describe("version 4") }),
    effect: "pure",
    doc: "A random UUID, on record: a program that is replayed gets the same again.",
  }),
} as const;

export const pipeSyscalls = {
  "pipe.open": syscall({
    args: z.strictObject({
      to: pidSchema.optional().describe("the other end; default: the caller's own children"),
      capacity: z.number().int().positive().max(1_000).default(1_000).describe("messages that wait unread"),
    }),
    result: z.object({ pipe: z.string() }),
    effect: "unsafe",
    doc: "Open a pipe between the caller and another process. Both ends, and their children, may write and read; each message is read once. It and what is unread in it outlive the kernel. A process has at most 1,000 (EAGAIN).",
  }),
  "pipe.write": syscall({
    args: z.strictObject({ pipe: pipeSchema, body: bodySchema, timeoutMs }),
    result: z.object({}),
    effect: "unsafe",
    doc: "Write a message into a pipe; waits while it is full. ECANCELED when the pipe was closed, ESRCH when the process at an end has ended, ENOENT when there is no such pipe for the caller.",
  }),
  "pipe.read": syscall({
    args: z.strictObject({ pipe: pipeSchema, timeoutMs }),
    result: z.object({
      isEnd: z.boolean().describe("the pipe is closed, and everything was read"),
      message: messageSchema.nullable(),
    }),
    effect: "unsafe",
    doc: "Take the next message out of a pipe; waits while it is empty. After it was closed, or an end has ended, what is unread comes, then the end. A call that is cancelled or times out takes nothing.",
  }),
  "pipe.close": syscall({
    args: z.strictObject({ pipe: pipeSchema }),
    result: z.object({}),
    effect: "idempotent",
    doc: "Close a pipe: nothing more is written; what is unread can be read.",
  }),
} as const;

const SEGMENT = String.raw`[\p{L}\p{N}_:-]+`;
const topicSchema = z
  .string()
  .max(200)
  .regex(new RegExp(`^${SEGMENT}(\\.${SEGMENT})*$`, "u"), "segments of letters, digits and _ : -, with dots between");
const patternSchema = z
  .string()
  .max(200)
  .regex(
    new RegExp(String.raw`^((${SEGMENT}|\*)(\.(${SEGMENT}|\*))*(\.\*\*)?|\*\*)$`, "u"),
    "a topic; `*` stands for one segment, `**` at the end for any rest",
  );
const subscriptionSchema = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N}._:/-]{0,99}$/u, "letters, digits and . _ : / -");
const fromSchema = z
  .union([z.enum(["now", "start"]), z.number().int().nonnegative()])
  .describe("a number: the events after this one");
const seqSchema = z.number().int().positive();
const limitSchema = z.number().int().positive().max(1_000).default(100);
const topicEventSchema = z.object({
  seq: z.number().describe("its place in the event log"),
  topic: z.string(),
  from: z.string().nullable(),
  body: z.unknown(),
  at: z.number(),
  labels: labelsSchema,
});
export type TopicEvent = z.infer<typeof topicEventSchema>;

export const topicSyscalls = {
  "topic.publish": syscall({
    args: z.strictObject({ topic: topicSchema, body: bodySchema }),
    result: z.object({ seq: z.number() }),
    effect: "unsafe",
    doc: "Publish an event to those of the tenant that subscribe to the topic, now or later. It is in the event log exactly once when the call returns; ENOSPC: it is not.",
  }),
  "topic.subscribe": syscall({
    args: z.strictObject({
      pattern: patternSchema,
      name: subscriptionSchema.optional().describe("default: one is made"),
      from: fromSchema.default("now"),
    }),
    result: z.object({ name: z.string(), position: z.number(), isNew: z.boolean() }),
    effect: "idempotent",
    doc: "Make a durable subscription of the tenant: a place in the event log that outlives its readers and the kernel. One of this name and pattern is taken up where it is; EEXIST when its pattern is another one, EAGAIN when the tenant has 10,000. Events that it has not acknowledged are kept for it.",
  }),
  "topic.read": syscall({
    args: z.strictObject({
      name: subscriptionSchema,
      limit: limitSchema,
      timeoutMs: timeoutMs.describe("after so long the answer is empty; default: no end"),
      again: z.boolean().default(false).describe("begin with what was delivered and not acknowledged"),
    }),
    result: z.object({ events: z.array(topicEventSchema) }),
    effect: "idempotent",
    doc: "The next events of a subscription, in order; waits for one. At least once: what is not acknowledged comes again after a restart of the kernel, to the next reader when this one ends, or with `again`. EBUSY while another process holds unacknowledged events of it, EAGAIN when 1,000 are.",
  }),
  "topic.ack": syscall({
    args: z.strictObject({ name: subscriptionSchema, seq: seqSchema }),
    result: z.object({ position: z.number() }),
    effect: "idempotent",
    doc: "Acknowledge an event and all before it: none of them is delivered again.",
  }),
  "topic.nack": syscall({
    args: z.strictObject({ name: subscriptionSchema, seq: seqSchema, reason: z.string().max(2_000) }),
    result: z.object({ failures: z.number(), isDead: z.boolean() }),
    effect: "unsafe",
    doc: "Tell that an event could not be worked off: the event `subscriber.failed`. Reading goes on with it; after its fifth failure it is set aside (the event `topic.dead`), and reading goes on behind it.",
  }),
  "topic.unsubscribe": syscall({
    args: z.strictObject({ name: subscriptionSchema }),
    result: z.object({}),
    effect: "idempotent",
    doc: "Remove a subscription: its events are no longer kept for it.",
  }),
  "topic.list": syscall({
    args: z.strictObject({ limit: limitSchema, after: z.string().optional().describe("names after this one") }),
    result: z.object({
      subscriptions: z.array(
        z.object({
          name: z.string(),
          pattern: z.string(),
          position: z.number().describe("the last acknowledged event"),
          lag: z.number().describe("events that wait to be acknowledged; 1,000 stands for more"),
          unacknowledged: z.number().describe("of them, delivered"),
          reader: z.string().nullable(),
          at: z.number().describe("when it was made, or last acknowledged one"),
        }),
      ),
    }),
    effect: "pure",
    isView: true,
    doc: "The tenant's subscriptions, by name, and how far behind they are.",
  }),
  "topic.peek": syscall({
    args: z.strictObject({
      pattern: patternSchema,
      from: fromSchema.default("start"),
      limit: limitSchema,
      timeoutMs: timeoutMs.describe("waits so long for one; default: not at all"),
    }),
    result: z.object({ events: z.array(topicEventSchema), next: z.number().describe("`from` of the next call") }),
    effect: "pure",
    isView: true,
    doc: "Look at events of the tenant's topics without a subscription.",
  }),
} as const;
