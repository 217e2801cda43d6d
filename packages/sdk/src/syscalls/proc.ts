import { z } from "zod";
import { manifestSchema } from "../manifest.ts";
import { labelsSchema } from "../note.ts";
import { usageSchema } from "../usage.ts";
import { classSchema, limitSchema, niceSchema, onExhaustedSchema, pidSchema, syscall } from "./spec.ts";

const processStateSchema = z.enum(["new", "ready", "running", "blocked", "suspended", "zombie"]);
const processKindSchema = z.enum(["agent", "module", "command", "client", "kernel"]);
const signalSchema = z.enum(["interrupt", "suspend", "resume", "kill"]);
export type Signal = z.infer<typeof signalSchema>;

const exitSchema = z.object({
  /** The program's own code, or null when a signal ended it. */
  code: z.number().int().nullable(),
  signal: z.string().nullable(),
  reason: z.string(),
  /** What the program returned. */
  result: z.unknown().optional(),
});
export type Exit = z.infer<typeof exitSchema>;

const processViewSchema = z.object({
  pid: z.string(),
  parent: z.string().nullable(),
  tenant: z.string(),
  name: z.string(),
  kind: processKindSchema,
  state: processStateSchema,
  /** Why it is blocked or suspended. */
  on: z.string().nullable(),
  asks: z.array(z.string()).optional().describe("questions to a person that its calls wait for (approval.show)"),
  nice: z.number(),
  class: classSchema,
  model: z.string().nullable(),
  queued: z.number(),
  running: z.number(),
  done: z.number(),
  failed: z.number(),
  toolCalls: z.number(),
  usage: usageSchema,
  waitingMs: z.number().describe("all time its calls spent in run queues"),
  limits: z.array(limitSchema),
  startedAt: z.number(),
  endedAt: z.number().nullable(),
  exit: exitSchema.nullable(),
  hostPid: z.number().nullable().describe("process id on the machine, for commands"),
  seen: labelsSchema.describe("all that it has seen, joined: it never falls"),
  labels: z
    .enum(["enforced", "observed"])
    .describe("observed: it keeps its conversation itself and has tools of its own, which no gate sees"),
  context: z
    .object({ tokens: z.number(), maxTokens: z.number().nullable() })
    .nullable()
    .describe("input tokens of its last chat, and what the model that answered takes with its answer"),
});
export type ProcessView = z.infer<typeof processViewSchema>;

const qualityOfService = {
  nice: niceSchema.optional(),
  class: classSchema.optional(),
  limits: z.array(limitSchema).optional(),
  onExhausted: onExhaustedSchema
    .optional()
    .describe(
      "when a limit is reached: suspend (it goes on when the window is over), hold (until a person raises the limit or resumes it), refuse (EDQUOT). Default: the manifest's, else refuse for commands, suspend for others",
    ),
  /** Patterns such as `llm.*`; never more than the parent holds. Default: the parent's. */
  capabilities: z.array(z.string()).optional(),
};
const onPid = z.strictObject({ pid: pidSchema });

export const procSyscalls = {
  "proc.spawn": syscall({
    args: z.strictObject({
      name: z.string().min(1).max(100).optional(),
      program: z.discriminatedUnion("kind", [
        /** A declarative agent: by name from the programs folders, or with its manifest. */
        z.strictObject({
          kind: z.literal("agent"),
          agent: z.union([z.string(), manifestSchema]),
          task: z.string(),
          model: z.string().optional(),
        }),
        /** A module whose default export is `defineAgent(…)`, in a process of its own. The home's own key only: it is code. */
        z.strictObject({ kind: z.literal("module"), file: z.string(), task: z.string() }),
        /** Any executable; the caller starts it with the key that comes back, then tells `proc.bind` and `proc.exit`. */
        z.strictObject({
          kind: z.literal("command"),
          command: z.array(z.string()).min(1),
          cwd: z.string(),
          restart: z
            .enum(["never", "on-failure", "always"])
            .optional()
            .describe(
              "whether its parent starts it again after its death: its calls are kept to be answered again (proc.restart). Default: never",
            ),
          sandbox: z
            .enum(["process", "container", "vm"])
            .optional()
            .describe(
              "who starts it runs it in a sandbox of this tier, with the kernel and the policy's egress as its only ways out. Believed of people, and of what runs in one itself",
            ),
          parent: z
            .strictObject({ hostPid: z.number().int().positive(), hostStartedAt: z.string() })
            .optional()
            .describe("who starts it and tells how it ended: as long as that lives, the kernel waits for its word"),
        }),
      ]),
      ...qualityOfService,
    }),
    result: z.object({
      pid: z.string(),
      key: z.string().nullable().describe("the process key of a command; shown once"),
    }),
    effect: "unsafe",
    doc: "Start a process: a declarative agent, or the entry for a command that the caller starts.",
  }),
  "proc.bind": syscall({
    args: z.strictObject({ pid: pidSchema, hostPid: z.number().int().positive(), hostStartedAt: z.string() }),
    result: z.object({
      isReached: z
        .boolean()
        .describe(
          "whether signals of the kernel reach it; false: who has started it ends it when its process has ended",
        ),
    }),
    effect: "idempotent",
    doc: "Tell the kernel which process group of the machine a command runs in, so that signals reach it. Believed of people with a key of the home, and of a program for what it has itself started on this machine.",
  }),
  "proc.restart": syscall({
    args: onPid,
    result: z.object({
      key: z.string().describe("its process key from now on; shown once"),
      incarnation: z.number().describe("how many times it was started, this one included"),
    }),
    effect: "idempotent",
    doc: "Enter a new start of a command that has died, before its parent starts it: the old key is void, calls under way end, and identical requests get the recorded answers.",
  }),
  "proc.exit": syscall({
    args: z.strictObject({ pid: pidSchema, code: z.number().int().nullable(), signal: z.string().nullable() }),
    result: z.object({}),
    effect: "idempotent",
    doc: "Tell the kernel that a command has ended; its key is void from then on.",
  }),
  "proc.list": syscall({
    args: z.strictObject({
      all: z.boolean().default(false).describe("zombies too"),
      states: z.array(processStateSchema).optional().describe("only these; zombies where they are among them"),
      kinds: z.array(processKindSchema).optional(),
      pids: z.array(pidSchema).max(10_000).optional().describe("only these"),
      names: z.array(z.string().min(1)).optional().describe("only these; `*` stands for any text: `worker-*`"),
      match: z
        .string()
        .min(1)
        .optional()
        .describe("only what people may mean by it: a pid, the beginning of one, a name"),
      limit: z.number().int().positive().max(10_000).default(1_000),
      after: z.string().optional().describe("`next` of the answer before"),
    }),
    result: z.object({
      processes: z.array(processViewSchema).describe("in the order in which they were started"),
      total: z.number().describe("how many there are, on this page and all others"),
      next: z.string().nullable().describe("where the next page begins; null: there is none"),
    }),
    effect: "pure",
    isView: true,
    doc: "The processes that the caller may see, page by page.",
  }),
  "proc.show": syscall({
    args: onPid,
    result: processViewSchema,
    effect: "pure",
    isView: true,
    doc: "One process.",
  }),
  "proc.signal": syscall({
    args: z.strictObject({ pid: pidSchema, signal: signalSchema, tree: z.boolean().default(true) }),
    result: z.object({ pids: z.array(z.string()) }),
    effect: "idempotent",
    doc: "Interrupt (cancel its calls), suspend, resume or kill a process and, by default, its children.",
  }),
  "proc.nice": syscall({
    args: z.strictObject({ pid: pidSchema, nice: niceSchema.optional(), class: classSchema.optional() }),
    result: processViewSchema,
    effect: "idempotent",
    doc: "Change a process's nice value or class; calls already waiting are queued anew.",
  }),
  "proc.limits": syscall({
    args: z.strictObject({ pid: pidSchema, limits: z.array(limitSchema) }),
    result: processViewSchema,
    effect: "idempotent",
    isAdministrative: true,
    doc: "Set limits of a process (a limit of the same resource and window is replaced).",
  }),
  "proc.plan": syscall({
    args: z.strictObject({ tools: z.array(z.string().min(1).max(200)).max(1_000) }),
    result: z.object({}),
    effect: "idempotent",
    doc: "Fix, once, what the caller and all below it may call: these tools, and syscalls that change something. EPOLICY when it has already seen what is not to be trusted, EEXIST when it has a plan.",
  }),
  "proc.compact": syscall({
    args: z.strictObject({
      mode: z.enum(["summary", "drop", "clip"]).describe("clip: long results of tools were shortened"),
      messages: z.number().int().positive().describe("that went, or were shortened"),
      beforeTokens: z.number().nonnegative().describe("input tokens of the request, as estimated"),
      afterTokens: z.number().nonnegative(),
    }),
    result: z.object({}),
    effect: "idempotent",
    doc: "Put on record that the calling process shortened the conversation that its model reads.",
  }),
  "proc.wait": syscall({
    args: z.strictObject({ pid: pidSchema, timeoutMs: z.number().int().positive().optional() }),
    result: exitSchema,
    effect: "pure",
    doc: "Wait until a process has ended; the result is its exit status. When the time is over: ETIMEDOUT, or EPENDING where it waits for an approval.",
  }),
  "proc.logs": syscall({
    args: z.strictObject({
      pid: pidSchema,
      follow: z.boolean().default(false),
      tailBytes: z.number().int().positive().max(10_000_000).default(65_536),
    }),
    result: z.object({ sizeBytes: z.number() }),
    effect: "pure",
    isView: true,
    doc: "What a process printed, as output deltas; with `follow` until it ends.",
  }),
} as const;
