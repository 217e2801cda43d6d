/** The part of JSON Schema that the pages show. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
}

/** Names of shapes that stand in many places, by their own text. */
export type Names = ReadonlyMap<string, string>;

interface Look {
  readonly indent?: string;
  readonly names?: Names;
}

/** A type as TypeScript writes it; objects take a line per member where they do not fit on one. */
export function typeText(schema: Schema, look: Look = {}): string {
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) return [...new Set(alternatives.map((each) => typeText(each, look)))].join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(" | ");
  if (schema.type === "array") return listText(schema.items ?? {}, look);
  if (schema.properties) return look.names?.get(objectText(schema, { names: look.names })) ?? objectText(schema, look);
  if (schema.type === "object")
    return typeof schema.additionalProperties === "object" && Object.keys(schema.additionalProperties).length > 0
      ? `Record<string, ${typeText(schema.additionalProperties, look)}>`
      : "object";
  return schema.type === undefined ? "unknown" : [schema.type].flat().join(" | ");
}

function listText(items: Schema, look: Look): string {
  const text = typeText(items, look);
  return items.anyOf || items.oneOf || items.enum ? `(${text})[]` : `${text}[]`;
}

const widest = 90;

function objectText({ properties = {}, required = [] }: Schema, { indent = "", names = new Map() }: Look): string {
  const inner = `${indent}  `;
  const members = Object.entries(properties).map(([name, member]) => {
    // A member with a default may be left out, whatever side of the schema this is.
    const isOptional = !required.includes(name) || member.default !== undefined;
    const notes = [member.description, member.default === undefined ? "" : `default ${JSON.stringify(member.default)}`]
      .filter(Boolean)
      .join("; ");
    return { text: `${name}${isOptional ? "?" : ""}: ${typeText(member, { indent: inner, names })}`, notes };
  });
  if (members.length === 0) return "{}";
  const line = `{ ${members.map(({ text }) => text).join("; ")} }`;
  const fits = line.length + indent.length <= widest && !line.includes("\n") && members.every(({ notes }) => !notes);
  if (fits) return line;
  return `{\n${members.map(({ text, notes }) => `${inner}${text};${notes ? ` // ${notes}` : ""}`).join("\n")}\n${indent}}`;
}

/** What a number may be: `1 … 65535`, `> 0`; "" where anything goes. */
export function rangeText({ type, minimum, maximum, exclusiveMinimum }: Schema): string {
  if (type !== "integer" && type !== "number") return "";
  const top = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (exclusiveMinimum !== undefined) return `> ${exclusiveMinimum}`;
  const bottom = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? undefined : minimum;
  if (bottom !== undefined && top !== undefined) return `${bottom} … ${top}`;
  if (bottom !== undefined) return `≥ ${bottom}`;
  return top === undefined ? "" : `≤ ${top}`;
}
