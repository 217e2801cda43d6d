import { z } from "zod";
import { confidentialityLevels, trustLevels } from "./note.ts";
import type { Labels } from "./note.ts";
import { limitSchema } from "./syscalls/spec.ts";

/**
 * How a call passes: `L0` by itself; `L1` by itself, and it is on the log (what can be taken back); `L2` a person is asked (what
 * cannot, or leaves the system); `L3` not at all, unless a person breaks the glass. Each is stricter than the one before it.
 */
export const gates = ["L0", "L1", "L2", "L3"] as const;
export type Gate = (typeof gates)[number];
export const gateSchema = z.enum(gates);

const trustAtLeast = z
  .string()
  .regex(
    new RegExp(`^(>=)?(${trustLevels.join("|")})$`),
    `one of ${trustLevels.map((level) => `>=${level}`).join(", ")}`,
  )
  .transform((text) => text.replace(">=", "") as Labels["trust"]);

/** What makes a value good for a sink where its trust does not. */
const waysSchema = z.strictObject({
  inContacts: z.literal(true).optional().describe("It is among the policy's contacts."),
  inAllowlist: z
    .string()
    .min(1)
    .optional()
    .describe("egress: it leads to a host that the agent may reach; any other: a list of the policy's by this name."),
});

const needSchema = z.strictObject({
  trust: trustAtLeast
    .optional()
    .describe(
      "The value is part of what somebody this trusted said, or nothing less trusted has been seen: >=user, for one.",
    ),
  urls: trustAtLeast.optional().describe("The same of each link in a text."),
  or: waysSchema.optional(),
});
/** What a sink wants of one of its arguments; unmet, a person is asked. */
export type ArgumentNeed = z.infer<typeof needSchema>;

/** What a result is, whatever it says of itself. */
const returnsSchema = z.strictObject({
  trust: z.enum(trustLevels).optional(),
  conf: z.enum(confidentialityLevels).optional(),
  readers: z
    .array(z.string().min(1))
    .optional()
    .describe("Who alone may hear of it: contacts or addresses. Default: nobody is kept from it."),
});

export const toolAccessSchema = z.strictObject({
  effect: z.enum(["read", "write", "exec", "sink"]).describe("What it does; sink: something leaves the system."),
  gate: gateSchema
    .default("L1")
    .describe("How a call passes: L0 by itself, L1 on record, L2 when a person says so, L3 not at all."),
  irreversible: z
    .boolean()
    .default(false)
    .describe("It cannot be taken back: no configuration lets it pass without a person."),
  gateIfTainted: gateSchema.optional().describe("At least this where the process has seen something untrusted."),
  sandbox: z
    .enum(["wasm", "process", "container", "vm", "remote"])
    .optional()
    .describe("Least isolation of what it runs."),
  returns: returnsSchema
    .optional()
    .describe(
      "What its result is, whatever that says of itself. Default: defaults.unlabelled, of the same confidentiality as before; of a syscall as shipped.",
    ),
  sinkArgs: z
    .record(z.string().min(1), needSchema)
    .optional()
    .describe(
      "What is wanted of arguments, by name; items.*.url reaches into lists and objects. Unmet, a person is asked.",
    ),
});
/** What the gate knows of a tool or a syscall. */
export type ToolAccess = z.infer<typeof toolAccessSchema>;

const hostPort = z.string().regex(/^(\*\.)?[a-z0-9.-]+:(\d{1,5}|\*)$/i, "HOST:PORT, as api.github.com:443");

const agentRowSchema = z.strictObject({
  tools: z
    .array(z.string().min(1))
    .optional()
    .describe("Names and patterns; nothing else may be called. Default: whatever the policy knows."),
  egress: z
    .array(hostPort)
    .optional()
    .describe(
      "Hosts that it reaches, HOST:PORT. Default: none. Of several rows, what each that says something allows.",
    ),
  secrets: z
    .array(z.string().min(1))
    .optional()
    .describe("Secrets that may be named: secret://NAME. Default: none; of several rows as egress."),
  budget: z
    .strictObject({ tokens: z.number().positive().optional(), costUsd: z.number().positive().optional() })
    .optional()
    .describe("Of each of its runs."),
  limits: z.array(limitSchema).optional().describe("Further limits of each of its runs."),
  spawn: z.strictObject({ maxDepth: z.number().int().nonnegative().describe("Generations below it.") }).optional(),
});

const conditionSchema = z
  .string()
  .min(1)
  .max(500)
  .describe(
    "context.LEVEL, call.effect, call.name, agent, args.PATH; ==, in [a, b], &&, || and parentheses; no negation.",
  );
const ruleSchema = z.union([
  z.strictObject({
    forbid: z.strictObject({
      when: conditionSchema,
      unless: z
        .literal("approved")
        .optional()
        .describe("A person may say yes. Default: nothing lifts it but broken glass."),
    }),
  }),
  z.strictObject({ ask: z.strictObject({ when: conditionSchema }) }),
]);

/** `policy.yaml`. What it does not name is denied. */
export const accessPolicySchema = z.strictObject({
  version: z.literal(1),
  defaults: z
    .strictObject({
      effect: z
        .enum(["deny", "declared"])
        .default("deny")
        .describe(
          "Of tools that no row names; declared: as the program that brought the tool says, and one from elsewhere is denied.",
        ),
      unlabelled: z.enum(trustLevels).default("untrusted").describe("Trust of results whose row says nothing of it."),
    })
    .prefault({}),
  tools: z
    .record(z.string().min(1), toolAccessSchema)
    .default({})
    .describe(
      "By name or pattern (mail_*, web/*); of several rows the strictest holds. A name with a dot is a syscall.",
    ),
  agents: z
    .record(z.string().min(1), agentRowSchema)
    .default({})
    .describe("By name or pattern; of several rows each holds."),
  contacts: z.array(z.string().min(1)).default([]).describe("Addresses, hosts, accounts: whole, or *@example.org."),
  allowlists: z
    .record(z.string().min(1), z.array(z.string().min(1)))
    .default({})
    .describe(
      "By name: hosts (api.example.org, *.example.org, with or without port), https://HOST/PATH/*, or whole values.",
    ),
  rules: z
    .array(ruleSchema)
    .default([])
    .describe("Make calls stricter, never milder: forbid {when, unless}, or ask {when}."),
});
export type AccessPolicy = z.infer<typeof accessPolicySchema>;
