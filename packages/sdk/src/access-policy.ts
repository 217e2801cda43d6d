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
  /** It is among the policy's contacts. */
  inContacts: z.literal(true).optional(),
  /** `egress`: it leads to a host that the agent may reach; any other: a list of the policy's by this name. */
  inAllowlist: z.string().min(1).optional(),
});

const needSchema = z.strictObject({
  /** The value is part of what somebody this trusted said, or nothing less trusted has been seen. */
  trust: trustAtLeast.optional(),
  /** The same of each URL in a text. */
  urls: trustAtLeast.optional(),
  or: waysSchema.optional(),
});
/** What a sink wants of one of its arguments; unmet, a person is asked. */
export type ArgumentNeed = z.infer<typeof needSchema>;

/** What a result is, whatever it says of itself. */
const returnsSchema = z.strictObject({
  trust: z.enum(trustLevels).optional(),
  conf: z.enum(confidentialityLevels).optional(),
  /** Who alone may hear of it: contacts or addresses. Default: nobody is kept from it. */
  readers: z.array(z.string().min(1)).optional(),
});

export const toolAccessSchema = z.strictObject({
  effect: z.enum(["read", "write", "exec", "sink"]),
  gate: gateSchema.default("L1"),
  /** It cannot be taken back: no configuration lets it pass without a person. */
  irreversible: z.boolean().default(false),
  /** At least this where the process has seen something untrusted. */
  gateIfTainted: gateSchema.optional(),
  /** Least isolation of what it runs. */
  sandbox: z.enum(["wasm", "process", "container", "vm", "remote"]).optional(),
  /** Default: the policy's `defaults.unlabelled`, of the same confidentiality as before; of a syscall as shipped. */
  returns: returnsSchema.optional(),
  /** By the argument's name; `items.*.url` reaches into lists and objects. */
  sinkArgs: z.record(z.string().min(1), needSchema).optional(),
});
/** What the gate knows of a tool or a syscall. */
export type ToolAccess = z.infer<typeof toolAccessSchema>;

const hostPort = z.string().regex(/^(\*\.)?[a-z0-9.-]+:(\d{1,5}|\*)$/i, "HOST:PORT, as api.github.com:443");

const agentRowSchema = z.strictObject({
  /** Names and patterns; nothing else may be called. Default: whatever the policy knows. */
  tools: z.array(z.string().min(1)).optional(),
  /** Hosts that it reaches. Default: none. Of several rows, what each that says something allows. */
  egress: z.array(hostPort).optional(),
  /** Secrets that may be named: `secret://NAME`. Default: none; of several rows as `egress`. */
  secrets: z.array(z.string().min(1)).optional(),
  budget: z
    .strictObject({ tokens: z.number().positive().optional(), costUsd: z.number().positive().optional() })
    .optional(),
  limits: z.array(limitSchema).optional(),
  spawn: z.strictObject({ maxDepth: z.number().int().nonnegative() }).optional(),
});

const conditionSchema = z.string().min(1).max(500);
const ruleSchema = z.union([
  z.strictObject({
    forbid: z.strictObject({
      when: conditionSchema,
      /** Default: nothing lifts it but broken glass. */
      unless: z.literal("approved").optional(),
    }),
  }),
  z.strictObject({ ask: z.strictObject({ when: conditionSchema }) }),
]);

/** `policy.yaml`. What it does not name is denied. */
export const accessPolicySchema = z.strictObject({
  version: z.literal(1),
  defaults: z
    .strictObject({
      /** Of tools that no row names. `declared`: as the program that brought the tool says; a tool from elsewhere is denied. */
      effect: z.enum(["deny", "declared"]).default("deny"),
      unlabelled: z.enum(trustLevels).default("untrusted"),
    })
    .prefault({}),
  /** By name or pattern (`mail_*`, `web/*`); of several patterns the strictest holds. A name with a dot is a syscall. */
  tools: z.record(z.string().min(1), toolAccessSchema).default({}),
  /** By name or pattern of agents. */
  agents: z.record(z.string().min(1), agentRowSchema).default({}),
  /** Addresses, hosts, accounts: whole, or `*@example.org`. */
  contacts: z.array(z.string().min(1)).default([]),
  allowlists: z.record(z.string().min(1), z.array(z.string().min(1))).default({}),
  rules: z.array(ruleSchema).default([]),
});
export type AccessPolicy = z.infer<typeof accessPolicySchema>;
