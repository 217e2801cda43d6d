import { SysError } from "@aiosjs/sdk/protocol";
import { configJsonSchema, typeTextOf } from "./keys.ts";
import type { JsonSchema } from "./keys.ts";
import { nearest } from "./nearest.ts";

/** Where a key leads: `llms.cores.openai.apiKey` → ["llms", "cores", 0, "apiKey"]. */
export interface Place {
  readonly path: readonly (string | number)[];
  readonly schema: JsonSchema;
}

/**
 * Finds what a dotted key means. Elements of a list are named by their number or by their `name` or `id`
 * in `config`; the key of a table may hold dots itself (`llms.aliases.gpt-4.1`).
 * @throws SysError ENOENT with the nearest key.
 */
export function placeOf(key: string, config: unknown): Place {
  const words = key.split(".");
  const path: (string | number)[] = [];
  let schema = configJsonSchema();
  let value: unknown = config;
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    const branch = branchOf(schema);
    if (branch?.properties) {
      const child = branch.properties[word];
      if (!child) throw unknown(key, { at: words.slice(0, index), word, known: Object.keys(branch.properties) });
      [schema, value] = [child, member(value, word)];
      path.push(word);
    } else if (branch?.type === "array") {
      const items = Array.isArray(value) ? (value as readonly unknown[]) : [];
      const named = items.findIndex((item) => member(item, "name") === word || member(item, "id") === word);
      const position = named >= 0 ? named : /^\d+$/.test(word) ? Number(word) : -1;
      if (position < 0 || position > items.length)
        throw unknown(key, { at: words.slice(0, index), word, known: items.map((item, n) => nameOf(item, n)) });
      [schema, value] = [branch.items ?? {}, items[position]];
      path.push(position);
    } else if (branch) {
      const of = branch.additionalProperties as JsonSchema;
      const name = hasParts(of) ? word : words.slice(index).join(".");
      path.push(name);
      [schema, value] = [of, member(value, name)];
      if (name !== word) break;
    } else {
      throw unknown(key, { at: words.slice(0, index), word, known: [] });
    }
  }
  return { path, schema };
}

/** The value at a path; undefined where there is none. */
export function valueAt(config: unknown, path: readonly (string | number)[]): unknown {
  let value = config;
  for (const word of path) value = member(value, word);
  return value;
}

const member = (value: unknown, name: string | number): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string | number, unknown>>)[name]
    : undefined;

/** The part of a schema that has something below it; undefined for plain values. */
function branchOf(schema: JsonSchema): JsonSchema | undefined {
  return [schema, ...(schema.anyOf ?? [])].find(
    ({ type, properties, additionalProperties }) =>
      properties || type === "array" || typeof additionalProperties === "object",
  );
}

/** Whether something below it can be named: not for plain values, nor for lists of them (`llms.router.fallbacks.up/gpt-4.1`). */
function hasParts(schema: JsonSchema): boolean {
  const branch = branchOf(schema);
  return branch !== undefined && !(branch.type === "array" && branchOf(branch.items ?? {}) === undefined);
}

function nameOf(item: unknown, position: number): string {
  const name = member(item, "name") ?? member(item, "id");
  return typeof name === "string" ? name : String(position);
}

function unknown(
  key: string,
  { at, word, known }: { at: readonly string[]; word: string; known: readonly string[] },
): SysError {
  const near = nearest(word, known);
  const where = at.length === 0 ? "" : `${at.join(".")} `;
  const hint = near
    ? `did you mean ${[...at, near, ...key.split(".").slice(at.length + 1)].join(".")}?`
    : known.length > 0
      ? `${where}has ${known.join(", ")}`
      : `${where}has nothing below it`;
  return new SysError("ENOENT", `there is no setting ${key}`, { hint: hint || "`aios config ls` lists them" });
}

/** Whether a value of this place is text, so that `123` stays what was typed. */
export const isText = ({ schema }: Place): boolean => typeTextOf(schema) === "string" && !schema.enum;
