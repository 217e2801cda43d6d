import { z } from "zod";
import { configSchema } from "./schema.ts";

/** One setting: what it is called in each layer, what it is, and what it is without being set. */
export interface ConfigKey {
  /** `server.port` */
  readonly key: string;
  /** `AIOS_SERVER_PORT`; lists and tables have none. */
  readonly env: string | undefined;
  readonly type: string;
  readonly default: unknown;
  readonly doc: string;
}

export interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
}

let schemaOnce: JsonSchema | undefined;
let keysOnce: readonly ConfigKey[] | undefined;

/** The configuration as JSON Schema, for editors and for the reference page. */
export const configJsonSchema = (): JsonSchema =>
  (schemaOnce ??= z.toJSONSchema(configSchema, { io: "input" }) as JsonSchema);

const envNameOf = (key: string): string =>
  `AIOS_${key
    .replaceAll(/[A-Z]/g, (letter) => `_${letter}`)
    .replaceAll(".", "_")
    .toUpperCase()}`;

/** Every setting, in the order of the schema. */
export const configKeys = (): readonly ConfigKey[] => (keysOnce ??= [...leavesOf(configJsonSchema(), "")]);

function* leavesOf(schema: JsonSchema, prefix: string): Generator<ConfigKey> {
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const key = prefix === "" ? name : `${prefix}.${name}`;
    if (child.type === "object" && child.properties) {
      yield* leavesOf(child, key);
      continue;
    }
    const isScalar =
      child.type === "string" || child.type === "integer" || child.type === "number" || child.type === "boolean";
    yield {
      key,
      type: typeTextOf(child),
      env: isScalar ? envNameOf(key) : undefined,
      default: child.default,
      doc: child.description ?? "",
    };
  }
}

/** What a value may be, as people read it: `fifo | rr | priority`, `integer`, `array`. */
export function typeTextOf(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map(String).join(" | ");
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeTextOf))].join(" | ");
  return schema.type ?? "object";
}
