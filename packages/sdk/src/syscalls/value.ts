import { z } from "zod";
import { syscall } from "./spec.ts";

/** A process's own values are in `process:PID`; other names belong to a tenant's processes together. */
const scope = z
  .string()
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{N}._:/-]{0,127}$/u,
    "letters, digits and . _ : / -, 128 at most, a letter or digit first",
  )
  .optional()
  .describe("default: the calling process's own; a name is shared by the tenant's processes");
const key = z.string().min(1).describe("512 characters at most");
const ifVersion = z
  .number()
  .int()
  .nonnegative()
  .optional()
  .describe("only if this is its version; 0: only if there is none");
const version = z.number().describe("grows with every write of the key, and none comes twice; 0: there is no value");

export const valueSyscalls = {
  "value.put": syscall({
    args: z.strictObject({
      scope,
      key,
      value: z.unknown().describe("JSON, 1,048,576 characters at most"),
      ifVersion,
    }),
    result: z.object({ version }),
    effect: "idempotent",
    doc: "Keep a value; it is on disk when the call returns. ESTALE or EEXIST when `ifVersion` is not what is there.",
  }),
  "value.get": syscall({
    args: z.strictObject({ scope, key }),
    result: z.object({ value: z.unknown(), version, atMs: z.number().describe("of its last write; 0: there is none") }),
    effect: "pure",
    isView: true,
    doc: "Read a value; null of version 0 where there is none.",
  }),
  "value.list": syscall({
    args: z.strictObject({
      scope,
      prefix: z.string().max(512).optional().describe("only keys that begin so"),
      contains: z.string().max(512).optional().describe("only keys in which it stands somewhere"),
      after: z.string().max(512).optional().describe("only keys behind this one"),
      limit: z.number().int().positive().max(1_000).default(100),
    }),
    result: z.object({
      values: z.array(z.object({ key: z.string(), value: z.unknown(), version, atMs: z.number() })),
      next: z.string().nullable().describe("`after` of the next page; null at the end"),
    }),
    effect: "pure",
    isView: true,
    doc: "Read the values of a scope in order of their keys; a page ends early behind 8,388,608 characters of values.",
  }),
  "value.remove": syscall({
    args: z.strictObject({ scope, key, ifVersion }),
    result: z.object({ removed: z.boolean().describe("false: there was none") }),
    effect: "idempotent",
    doc: "Forget a value.",
  }),
} as const;
