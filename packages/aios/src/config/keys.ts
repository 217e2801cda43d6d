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

interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly default?: unknown;
  readonly description?: string;
}

/** The configuration as JSON Schema, for editors and for the reference page. */
export const configJsonSchema = (): JsonSchema => z.toJSONSchema(configSchema, { io: "input" }) as JsonSchema;

const envNameOf = (key: string): string =>
  `AIOS_${key
    .replaceAll(/[A-Z]/g, (letter) => `_${letter}`)
    .replaceAll(".", "_")
    .toUpperCase()}`;

/** Every setting, in the order of the schema. */
export function configKeys(): ConfigKey[] {
  return [...leavesOf(configJsonSchema(), "")];
}

function* leavesOf(schema: JsonSchema, prefix: string): Generator<ConfigKey> {
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const key = prefix === "" ? name : `${prefix}.${name}`;
    if (child.type === "object" && child.properties) {
      yield* leavesOf(child, key);
      continue;
    }
    const isScalar =
      child.type === "string" || child.type === "integer" || child.type === "number" || child.type === "boolean";
    const type = child.enum ? child.enum.map(String).join(" | ") : (child.type ?? "object");
    yield {
      key,
      type,
      env: isScalar ? envNameOf(key) : undefined,
      default: child.default,
      doc: child.description ?? "",
    };
  }
}
