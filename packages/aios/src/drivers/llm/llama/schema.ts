import { SysError } from "@aiosjs/sdk/protocol";
import type { GbnfJsonSchema } from "node-llama-cpp";

type Schema = Readonly<Record<string, unknown>>;
type Grown = Record<string, unknown>;

/** Keywords that restrict and that no grammar here can hold. */
const unheld = [
  "pattern",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "uniqueItems",
  "contains",
  "patternProperties",
  "propertyNames",
  "dependentRequired",
  "dependentSchemas",
  "if",
  "not",
];
const formats = new Set(["date-time", "date", "time"]);
const primitives = new Set(["string", "number", "integer", "boolean", "null"]);
const anything: Grown = {
  oneOf: [
    { type: ["string", "number", "boolean", "null"] },
    { type: "object", additionalProperties: true },
    { type: "array" },
  ],
};

/** A JSON Schema in the smaller form out of which the library makes grammars. */
export interface Narrowed {
  readonly schema: GbnfJsonSchema;
  /** Keywords that the grammar does not hold: what comes out may break them. */
  readonly ignored: readonly string[];
}

/**
 * All properties are always written, for a grammar with every subset of them would be exponential: what comes out is
 * still valid. Only optional properties that lead back into themselves are left out, else the text would never end.
 * @throws SysError EINVAL for references out of the schema, and for keywords that cannot be held where `isStrict`.
 */
export function narrow(root: Schema, { what, isStrict }: { what: string; isStrict: boolean }): Narrowed {
  const definitions: Record<string, Schema> = {
    ...(root["definitions"] as Record<string, Schema> | undefined),
    ...(root["$defs"] as Record<string, Schema> | undefined),
  };
  const ignored = new Set<string>();
  const used = new Map<string, Grown>();

  const nameOf = (reference: unknown): string => {
    const name = typeof reference === "string" ? /^#(?:\/(?:\$defs|definitions)\/([^/]+))?$/.exec(reference) : null;
    if (name && (name[1] === undefined || definitions[name[1]])) return name[1] ?? "root";
    throw new SysError("EINVAL", `${what} refers to ${String(reference)}`, {
      hint: "references go to #/$defs/NAME in the same schema, or to #",
    });
  };
  /** Whether `schema` needs `name` to be written. */
  const leadsTo = (schema: unknown, name: string, seen = new Set<string>()): boolean => {
    if (typeof schema !== "object" || schema === null) return false;
    if (Array.isArray(schema)) return schema.some((each) => leadsTo(each, name, seen));
    return Object.entries(schema).some(([key, value]) => {
      if (key !== "$ref") return leadsTo(value, name, seen);
      const target = nameOf(value);
      if (target === name) return true;
      if (seen.has(target)) return false;
      seen.add(target);
      return leadsTo(definitions[target], name, seen);
    });
  };

  const convert = (schema: unknown, within: string): Grown => {
    if (typeof schema !== "object" || schema === null) return anything;
    const from = schema as Schema;
    for (const keyword of unheld) if (isRestriction(keyword, from[keyword])) ignored.add(keyword);
    const described = typeof from["description"] === "string" ? { description: from["description"] } : {};
    if (from["$ref"] !== undefined) {
      const name = nameOf(from["$ref"]);
      if (!used.has(name)) {
        used.set(name, {});
        used.set(name, convert(name === "root" ? root : definitions[name], name));
      }
      return { $ref: `#/$defs/${name}`, ...described };
    }
    if (from["const"] !== undefined) return { const: primitive(from["const"]), ...described };
    if (Array.isArray(from["enum"])) return { enum: from["enum"].map(primitive), ...described };
    if (Array.isArray(from["allOf"])) return convert(merge(from), within);
    const { anyOf, oneOf, ...rest } = from;
    const branches = anyOf ?? oneOf;
    if (Array.isArray(branches))
      return {
        oneOf: branches.map((each: Schema) => convert({ ...withoutText(rest), ...each }, within)),
        ...described,
      };
    const { type } = from;
    if (Array.isArray(type)) {
      if (type.every((each) => primitives.has(String(each)))) return { type, ...described };
      return { oneOf: type.map((each: unknown) => convert({ ...from, type: each }, within)), ...described };
    }
    if (type === "object" || from["properties"] !== undefined) return { ...objectOf(from, within), ...described };
    if (type === "array" || from["items"] !== undefined) return { ...arrayOf(from, within), ...described };
    if (type === "string") return { ...stringOf(from), ...described };
    return typeof type === "string" ? { type, ...described } : anything;
  };
  const primitive = (value: unknown): unknown => {
    if (value === null || typeof value !== "object") return value;
    throw new SysError("EINVAL", `${what} has an object or a list as a constant`, {
      hint: "spell it out by properties with constants",
    });
  };
  const objectOf = (from: Schema, within: string): Grown => {
    const required = new Set(Array.isArray(from["required"]) ? (from["required"] as string[]) : []);
    const properties = Object.entries((from["properties"] as Record<string, unknown> | undefined) ?? {})
      .filter(([name, schema]) => required.has(name) || !leadsTo(schema, within))
      .map(([name, schema]) => [name, convert(schema, within)]);
    const { additionalProperties } = from;
    const more =
      typeof additionalProperties === "object"
        ? { additionalProperties: convert(additionalProperties, within) }
        : from["properties"] === undefined && additionalProperties !== false
          ? { additionalProperties: true }
          : {};
    return { type: "object", properties: Object.fromEntries(properties) as Grown, ...more };
  };
  const arrayOf = ({ items, prefixItems, minItems, maxItems }: Schema, within: string): Grown => ({
    type: "array",
    ...(Array.isArray(prefixItems) ? { prefixItems: prefixItems.map((each) => convert(each, within)) } : {}),
    ...(items === undefined || items === false ? {} : { items: convert(items, within) }),
    ...(typeof minItems === "number" ? { minItems } : {}),
    ...(typeof maxItems === "number" ? { maxItems } : {}),
  });
  const stringOf = ({ format, minLength, maxLength }: Schema): Grown => {
    if (typeof format === "string") {
      if (formats.has(format)) return { type: "string", format };
      ignored.add(`format ${format}`);
    }
    return {
      type: "string",
      ...(typeof minLength === "number" ? { minLength } : {}),
      ...(typeof maxLength === "number" ? { maxLength } : {}),
    };
  };

  const schema = convert(root, "root");
  if (isStrict && ignored.size > 0)
    throw new SysError("EINVAL", `${what} is strict, and a local model cannot be held to ${[...ignored].join(", ")}`, {
      hint: "leave these keywords out, or strict",
    });
  const defs = used.size > 0 ? { $defs: Object.fromEntries(used) } : {};
  return { schema: { ...schema, ...defs } as GbnfJsonSchema, ignored: [...ignored] };
}

/** Bounds that every double keeps (schema libraries write them for "integer") restrict nothing. */
function isRestriction(keyword: string, value: unknown): boolean {
  if (value === undefined || value === false) return false;
  return !(keyword.endsWith("imum") && Math.abs(Number(value)) >= Number.MAX_SAFE_INTEGER);
}

/** What says nothing about the values: it would shadow what the branches say. */
const wordKeys = new Set(["title", "description", "$defs", "definitions"]);
const withoutText = (schema: Schema): Schema =>
  Object.fromEntries(Object.entries(schema).filter(([key]) => !wordKeys.has(key)));

function merge(from: Schema): Schema {
  const { allOf, ...rest } = from;
  let merged: Grown = { ...rest };
  for (const part of allOf as Schema[])
    merged = {
      ...merged,
      ...part,
      properties: { ...(merged["properties"] as object | undefined), ...(part["properties"] as object | undefined) },
      required: [
        ...((merged["required"] as string[] | undefined) ?? []),
        ...((part["required"] as string[] | undefined) ?? []),
      ],
    };
  if (Object.keys(merged["properties"] as object).length === 0) delete merged["properties"];
  return merged;
}
