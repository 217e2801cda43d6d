import { z } from "zod";
import { pidSchema, syscall } from "./spec.ts";

const tier = z.enum(["wasm", "process", "container", "vm", "remote"]);
const id = z.string().regex(/^[a-z0-9]{1,32}$/, "as sandbox.create has told it");
const most = (unit: string, { upTo }: { upTo: number }) =>
  z.number().int().positive().max(upTo).describe(unit).optional();

/** What a sandbox may take; what is not said is its driver's default, which is never without bound. */
const limits = {
  memoryBytes: most("of all that runs in it", { upTo: 2 ** 40 }),
  processes: most("processes and threads together", { upTo: 100_000 }),
  openFiles: most("of one process", { upTo: 1_000_000 }),
  fileBytes: most("of one file", { upTo: 2 ** 40 }),
} as const;
const wallMs = most("a command that runs longer is killed with all that it started", { upTo: 86_400_000 });

export const sandboxSyscalls = {
  "sandbox.create": syscall({
    args: z.strictObject({
      tier: tier
        .default("process")
        .describe("least isolation; nothing weaker is taken instead. wasm runs JavaScript alone, by the program js"),
      name: z
        .string()
        .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, "a name: small letters, digits, dots, dashes and underscores")
        .optional()
        .describe("the process has one of a name: it is told again, as it is"),
      ...limits,
      wallMs,
    }),
    result: z.object({
      sandbox: z.string(),
      driver: z.string(),
      tier,
      home: z.string().describe("path of its home folder, inside"),
      hasEgress: z.boolean().describe("whether it reaches the hosts of its agent's egress; else it has no network"),
    }),
    effect: "unsafe",
    doc: "Make a sandbox: a folder of its own, and nothing else of the machine to write to. It ends with its process.",
  }),
  "sandbox.exec": syscall({
    args: z.strictObject({
      argv: z
        .array(z.string().max(131_000))
        .min(1)
        .max(4_096)
        .describe("the program, found on the path inside, and its arguments"),
      sandbox: id.optional().describe("default: a fresh one, which ends with the command"),
      tier: tier.optional().describe("of a fresh one. Default: process"),
      ...limits,
      wallMs,
      input: z.string().optional().describe("what it reads. Default: nothing"),
      folder: z.string().min(1).optional().describe("inside. Default: the home folder"),
      environment: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).optional(),
      outputBytes: z
        .number()
        .int()
        .positive()
        .max(8_388_608)
        .default(262_144)
        .describe("of both streams together; what is more is dropped"),
    }),
    result: z.object({
      code: z.number().int().nullable().describe("null: it was killed"),
      signal: z.string().nullable().describe("what killed it; null unless `code` is"),
      exceeded: z.enum(["wallMs", "memoryBytes"]).optional().describe("which bound killed it"),
      stdout: z.string(),
      stderr: z.string(),
      droppedBytes: z.number().int().describe("what it printed beyond `outputBytes`"),
      driver: z.string(),
      tier,
    }),
    effect: "unsafe",
    doc: "Run a command in a sandbox and wait for its end, and the end of all that it started. What it prints comes as output.delta, too.",
  }),
  "sandbox.list": syscall({
    args: z.strictObject({}),
    result: z.object({
      sandboxes: z.array(
        z.object({
          sandbox: z.string(),
          name: z.string().nullable(),
          pid: pidSchema,
          driver: z.string(),
          tier,
          commands: z.number().int().describe("that run in it now"),
          hasEgress: z.boolean(),
          isFresh: z.boolean().describe("it was made for one command, and ends with it"),
          createdAt: z.number(),
        }),
      ),
    }),
    effect: "pure",
    isView: true,
    doc: "The sandboxes of the process and of those below it; for a key, of its tenant.",
  }),
  "sandbox.remove": syscall({
    args: z.strictObject({ sandbox: id }),
    result: z.object({}),
    effect: "idempotent",
    doc: "Kill what runs in a sandbox, and remove it with all that it wrote.",
  }),
} as const;
