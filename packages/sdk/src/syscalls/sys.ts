import { z } from "zod";
import { timingSchema, usageSchema } from "../usage.ts";
import { accountViewSchema, limitSchema, syscall } from "./spec.ts";

const keyView = z.object({
  id: z.string(),
  tenant: z.string(),
  pid: z.string().nullable(),
  scopes: z.array(z.string()),
  limits: z.array(limitSchema),
  createdAt: z.number(),
  expiresAt: z.number().nullable(),
});

export const sysSyscalls = {
  "sys.status": syscall({
    args: z.strictObject({}),
    result: z.object({
      name: z.string(),
      version: z.string(),
      url: z.string().nullable(),
      startedAt: z.number(),
      policy: z.string(),
      processes: z.record(z.string(), z.number()),
      approvals: z.number().describe("questions that wait for a person"),
      queued: z.number(),
      running: z.number(),
      done: z.number(),
      failed: z.number(),
      cores: z.array(
        z.object({
          name: z.string(),
          kind: z.string(),
          isSimulated: z.boolean(),
          models: z.number(),
          /** Why it serves nothing, and what mends it. */
          down: z.object({ message: z.string(), hint: z.string().nullable() }).optional(),
        }),
      ),
      journal: z.object({ driver: z.string(), isReadOnly: z.boolean() }),
      reindexing: z
        .object({ done: z.number(), of: z.number() })
        .optional()
        .describe("while notes wait for a model's vectors: how many have them, of how many; with the home's own key"),
    }),
    effect: "pure",
    isView: true,
    doc: "How the kernel is.",
  }),
  "sys.refresh": syscall({
    args: z.strictObject({}),
    result: z.object({ changed: z.array(z.string()), needRestart: z.array(z.string()) }),
    effect: "idempotent",
    isAdministrative: true,
    doc: "Read the configuration again: all of it is swapped, or nothing.",
  }),
  "sys.shutdown": syscall({
    args: z.strictObject({}),
    result: z.object({}),
    effect: "idempotent",
    isAdministrative: true,
    doc: "Stop admitting calls, let the running ones end within the grace time, stop.",
  }),
} as const;

export const callSyscalls = {
  "call.show": syscall({
    args: z.strictObject({ call: z.string() }),
    result: z.object({
      state: z.string(),
      name: z.string(),
      pid: z.string(),
      result: z.unknown(),
      error: z.unknown(),
      usage: usageSchema.optional(),
      timing: timingSchema.optional(),
    }),
    effect: "pure",
    isView: true,
    doc: "One call, also after it has ended.",
  }),
  "call.cancel": syscall({
    args: z.strictObject({ call: z.string() }),
    result: z.object({ wasOpen: z.boolean() }),
    effect: "idempotent",
    doc: "Cancel a call; its last event is ECANCELED.",
  }),
} as const;

export const keySyscalls = {
  "key.create": syscall({
    args: z.strictObject({
      tenant: z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "lower-case letters, digits and dashes")
        .optional(),
      scopes: z
        .array(z.string())
        .default(["llm.*", "fs.*", "tool.*", "proc.*", "call.*", "value.*", "mem.*"])
        .describe(
          "`*`, a device as llm.*, a syscall as fs.read, proc:act-as (x-aios-pid may name any process of the tenant), trust:user-turns (the user's turns are a person's words); none that the key which asks has not",
        ),
      limits: z.array(limitSchema).default([]),
      expiresInMs: z
        .number()
        .int()
        .positive()
        .optional()
        .describe("no later than the key which asks. Default: as long as that"),
    }),
    result: z.object({ key: z.string().describe("shown once"), id: z.string(), tenant: z.string() }),
    effect: "unsafe",
    isAdministrative: true,
    doc: "Make an access key for a tenant.",
  }),
  "key.list": syscall({
    args: z.strictObject({}),
    result: z.object({ keys: z.array(keyView) }),
    effect: "pure",
    isView: true,
    isAdministrative: true,
    doc: "The access keys, without their secrets.",
  }),
  "key.revoke": syscall({
    args: z.strictObject({ id: z.string() }),
    result: z.object({}),
    effect: "idempotent",
    isAdministrative: true,
    doc: "Make a key void at once; its calls are cancelled.",
  }),
} as const;

export const budgetSyscalls = {
  "budget.show": syscall({
    args: z.strictObject({}),
    result: z.object({ accounts: z.array(accountViewSchema) }),
    effect: "pure",
    isView: true,
    doc: "Limits of processes, tenants and keys, with what is used and reserved.",
  }),
  "budget.set": syscall({
    args: z.strictObject({
      scope: z.string().regex(/^(tenant|key|process):.+$/, "tenant:<id>, key:<id> or process:<pid>"),
      limits: z.array(limitSchema),
    }),
    result: z.object({ accounts: z.array(accountViewSchema) }),
    effect: "idempotent",
    isAdministrative: true,
    doc: "Set limits of a tenant, a key or a process.",
  }),
} as const;
