import { z } from "zod";
import { SysError } from "./errors.ts";

/** A JSON Schema, as models and other languages read it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * The part of Standard Schema (standardschema.dev) that is needed here: zod, valibot, arktype and others have it, so that
 * no schema library stands in a public signature. `jsonSchema` is its second half, Standard JSON Schema.
 */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    readonly jsonSchema?:
      | { readonly input: (options: { readonly target: string }) => Record<string, unknown> }
      | undefined;
  };
}

type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What was asked for, in one form: how a model reads it, and whether an answer fits. */
export interface Shape<Output> {
  readonly jsonSchema: JsonSchema;
  /** The parsed value, or one sentence about everything that is wrong with it. */
  check(value: unknown): Promise<{ is: "fit"; value: Output } | { is: "unfit"; why: string }>;
}

/** @throws SysError EINVAL when the schema has no JSON Schema form, naming `what` it was for. */
export function shapeOf<Output>(schema: StandardSchemaV1<unknown, Output> | JsonSchema, what: string): Shape<Output> {
  const isStandard = "~standard" in schema;
  const standard = (isStandard ? schema : fromJsonSchema(schema, what)) as StandardSchemaV1<unknown, Output>;
  return {
    jsonSchema: isStandard ? jsonSchemaOf(standard, what) : schema,
    async check(value) {
      const result = await standard["~standard"].validate(value);
      return result.issues ? { is: "unfit", why: describeIssues(result.issues) } : { is: "fit", value: result.value };
    },
  };
}

function describeIssues(issues: readonly StandardIssue[]): string {
  return issues
    .map(({ message, path = [] }) => {
      const place = path.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
      return place === "" ? message : `${place}: ${message}`;
    })
    .join("; ");
}

function jsonSchemaOf(schema: StandardSchemaV1, what: string): JsonSchema {
  const { jsonSchema, vendor } = schema["~standard"];
  if (!jsonSchema)
    throw new SysError("EINVAL", `the schema of ${what} (${vendor}) has no JSON Schema form`, {
      hint: "Use zod 4.2 or newer, another library with Standard JSON Schema, or pass a JSON Schema itself.",
    });
  try {
    const { $schema: _, ...members } = jsonSchema.input({ target: "draft-2020-12" });
    return members;
  } catch (cause) {
    throw new SysError("EINVAL", `the schema of ${what} has no JSON Schema form: ${messageOf(cause)}`, { cause });
  }
}

function fromJsonSchema(schema: JsonSchema, what: string): StandardSchemaV1 {
  try {
    return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]) as unknown as StandardSchemaV1;
  } catch (cause) {
    throw new SysError("EINVAL", `the JSON Schema of ${what} cannot be used: ${messageOf(cause)}`, { cause });
  }
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
