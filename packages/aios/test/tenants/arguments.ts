// Arguments of any syscall, made from its schema: whoever adds a row to the table is covered without a word about it.
import { specOf } from "@aiosjs/sdk/protocol";
import type { SyscallName } from "@aiosjs/sdk/protocol";
import { z } from "zod";

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
}

interface Making {
  /** How deep in the arguments it stands. */
  readonly depth?: number;
  readonly random: () => number;
  /** A text for the argument of this name. */
  readonly pick: (argument: string) => string;
}

/** What would only make a test wait. */
const fixed: Readonly<Record<string, unknown>> = {
  timeoutMs: 1,
  waitMs: 1,
  ms: 1,
  follow: false,
  wait: false,
  endedAfter: undefined,
};
const mostDepth = 7;

const schemas = new Map<SyscallName, Schema>();
function schemaOf(name: SyscallName): Schema {
  const known = schemas.get(name);
  if (known) return known;
  const made = z.toJSONSchema(specOf(name).args, { io: "input", unrepresentable: "any" }) as Schema;
  schemas.set(name, made);
  return made;
}

/** Like the schema in form; a text of a certain form may still not be one. */
export const argumentsOf = (name: SyscallName, making: Making): unknown => valueOf(schemaOf(name), name, making);

export const isParsed = (name: SyscallName, args: unknown): boolean => specOf(name).args.safeParse(args).success;

function valueOf(schema: Schema, argument: string, making: Making): unknown {
  const { random, pick, depth = 0 } = making;
  const inner = { ...making, depth: depth + 1 };
  const oneOf = <Each>(all: readonly Each[]): Each => all[Math.floor(random() * all.length)] as Each;
  if (Object.hasOwn(fixed, argument)) return fixed[argument];
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return oneOf(schema.enum);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches) return valueOf(oneOf(branches), argument, making);
  const { type = "anything" } = schema;
  switch (type) {
    case "object":
      return objectOf(schema, making);
    case "array": {
      const length = Math.max(schema.minItems ?? 0, Math.floor(random() * 3));
      return Array.from({ length }, () => valueOf(schema.items ?? {}, argument, inner));
    }
    case "string":
      return pick(argument);
    case "integer":
    case "number": {
      const from = schema.minimum ?? (schema.exclusiveMinimum ?? 0) + 1;
      const to = Math.min(schema.maximum ?? Infinity, from + oneOf([0, 1, 20, 5_000]));
      const value = from + random() * (to - from);
      return type === "integer" ? Math.round(value) : value;
    }
    case "boolean":
      return random() < 0.5;
    case "null":
      return null;
    default:
      return depth < mostDepth && random() < 0.3 ? { [pick("key")]: pick(argument) } : pick(argument);
  }
}

function objectOf(schema: Schema, making: Making): object {
  const { depth = 0 } = making;
  const inner = { ...making, depth: depth + 1 };
  const { properties = {}, required = [], additionalProperties } = schema;
  const made: Record<string, unknown> = {};
  for (const [name, of] of Object.entries(properties))
    if (required.includes(name) || Object.hasOwn(fixed, name) || (depth < mostDepth && making.random() < 0.4))
      made[name] = valueOf(of, name, inner);
  if (typeof additionalProperties === "object" && depth < mostDepth && making.random() < 0.7)
    made[making.pick("key")] = valueOf(additionalProperties, "value", inner);
  return made;
}
