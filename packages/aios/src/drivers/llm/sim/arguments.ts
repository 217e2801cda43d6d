import { textFor } from "./texts.ts";
import type { Situation } from "./texts.ts";

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Deeper than this, only what is required is filled in, and recursion ends with what ends it soonest. */
const maxDepth = 5;

interface Place {
  readonly root: JsonSchema;
  readonly situation: Situation;
  readonly name: string;
  readonly depth: number;
}

/**
 * An instance of a JSON Schema that fits the situation: names, formats and the words of the task decide the values.
 * Understands type, enum, const, default, properties, required, additionalProperties, items, prefixItems, anyOf, oneOf,
 * allOf, $ref within the schema, and the bounds of strings, numbers and arrays.
 */
export function instanceOf(schema: JsonSchema, situation: Situation): unknown {
  return instance(schema, { root: schema, situation, name: "", depth: 0 });
}

function instance(given: unknown, place: Place): unknown {
  const schema = resolved(given, place);
  if ("const" in schema) return schema["const"];
  if (Array.isArray(schema["enum"]) && schema["enum"].length > 0) return oneOfEnum(schema["enum"], place.situation);
  const branches = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(branches) && branches.length > 0)
    return instance(withBase(schema, bestBranch(branches, place)), place);
  switch (typeOf(schema)) {
    case "object":
      return object(schema, place);
    case "array":
      return array(schema, place);
    case "number":
      return number(schema, place, false);
    case "integer":
      return number(schema, place, true);
    case "boolean":
      return schema["default"] ?? place.situation.draws.below(2) === 1;
    case "null":
      return null;
    default:
      return textFor(schema, place.name, place.situation);
  }
}

function object(schema: JsonSchema, place: Place): Record<string, unknown> {
  const properties = asSchema(schema["properties"]);
  const required = new Set(Array.isArray(schema["required"]) ? (schema["required"] as string[]) : []);
  const made: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(properties)) {
    if (required.has(name) || (isWorthFilling(name, property, place) && !isInsteadOf(property, made))) {
      made[name] = instance(property, { ...place, name, depth: place.depth + 1 });
    }
  }
  const extra = schema["additionalProperties"];
  for (const name of required) {
    if (!(name in made)) made[name] = instance(extra, { ...place, name, depth: place.depth + 1 });
  }
  const least = typeof schema["minProperties"] === "number" ? schema["minProperties"] : 0;
  // A map without named properties gets an entry, so that it shows something.
  const wanted =
    Object.keys(properties).length === 0 && isSchema(extra) && place.depth < maxDepth ? Math.max(1, least) : least;
  for (let index = 1; Object.keys(made).length < wanted; index++) {
    made[`entry${index}`] = instance(extra, { ...place, name: `entry${index}`, depth: place.depth + 1 });
  }
  return made;
}

/** Optional members: all of an answer, but of a tool's arguments only those for which the task has a value. */
function isWorthFilling(name: string, property: unknown, place: Place): boolean {
  if (place.depth >= maxDepth) return false;
  if (place.situation.purpose === "answer") return true;
  return place.situation.hasValueFor(name, asSchema(property));
}

/** "give this or path": of members that stand for one another, the first that has a value is given. */
function isInsteadOf(property: unknown, made: Readonly<Record<string, unknown>>): boolean {
  const { description } = asSchema(property) as { description?: unknown };
  const other = typeof description === "string" ? /\bthis or (\w+)/i.exec(description)?.[1] : undefined;
  return other !== undefined && other in made;
}

function array(schema: JsonSchema, place: Place): unknown[] {
  const inside = { ...place, depth: place.depth + 1 };
  const prefix = Array.isArray(schema["prefixItems"]) ? (schema["prefixItems"] as unknown[]) : [];
  const made = prefix.map((item) => instance(item, inside));
  const least = bound(schema["minItems"], 0);
  const most = bound(schema["maxItems"], Infinity);
  const usual = place.depth >= maxDepth || schema["items"] === false ? least : Math.max(least, prefix.length, 2);
  const count = Math.min(usual, most);
  const isUnique = schema["uniqueItems"] === true;
  const isNew = (item: unknown) => !made.some((other) => JSON.stringify(other) === JSON.stringify(item));
  const choices = resolved(schema["items"], place)["enum"];
  if (isUnique && Array.isArray(choices)) made.push(...choices.slice(0, count).filter(isNew));
  // Bounded: there may be fewer different items than are asked for.
  for (let attempt = 0; made.length < count && attempt < count * 8; attempt++) {
    const item = instance(schema["items"] ?? true, inside);
    if (!isUnique || isNew(item)) made.push(item);
  }
  return made.slice(0, most);
}

function number(schema: JsonSchema, place: Place, isInteger: boolean): number {
  const step = typeof schema["multipleOf"] === "number" ? schema["multipleOf"] : isInteger ? 1 : 0.01;
  const above = bound(schema["exclusiveMinimum"], -Infinity);
  const below = bound(schema["exclusiveMaximum"], Infinity);
  const least = Math.max(bound(schema["minimum"], -Infinity), above === -Infinity ? above : above + step);
  const most = Math.min(bound(schema["maximum"], Infinity), below === Infinity ? below : below - step);
  const fits = (value: number) =>
    value >= least && value <= most && (!(isInteger || "multipleOf" in schema) || Number.isInteger(value / step));
  const said = place.situation.nextNumber(fits);
  if (said !== undefined) return said;
  if (typeof schema["default"] === "number") return schema["default"];
  const from = least === -Infinity ? (most === Infinity ? 1 : most - 100) : least;
  const to = most === Infinity ? from + 100 : most;
  const value = Math.ceil((from + place.situation.draws.next() * (to - from)) / step) * step;
  // Rounded to the step's own digits, since 3 · 0.1 is not 0.3.
  const rounded = Number(value.toFixed(6));
  return rounded > most ? Math.floor(most / step) * step : Math.max(rounded, least);
}

function oneOfEnum(values: readonly unknown[], { task, draws }: Situation): unknown {
  const said = values.find((value) => typeof value === "string" && isSaid(value, task));
  return said ?? values[draws.below(values.length)];
}

/** Whether a text contains a word, not as part of another. */
function isSaid(word: string, text: string): boolean {
  const at = word === "" ? -1 : text.toLowerCase().indexOf(word.toLowerCase());
  if (at < 0) return false;
  const around = (text[at - 1] ?? " ") + (text[at + word.length] ?? " ");
  return /\p{Script=Han}/u.test(word) || !/[\p{Script=Latin}\p{N}_]/u.test(around);
}

/** The first branch that is not null; deep down, the one that ends soonest. */
function bestBranch(branches: readonly unknown[], place: Place): JsonSchema {
  const all = branches.map((branch) => resolved(branch, place));
  const leaf = all.find((branch) => !["object", "array"].includes(typeOf(branch)));
  return (place.depth >= maxDepth ? leaf : undefined) ?? all.find((branch) => typeOf(branch) !== "null") ?? all[0]!;
}

/** Members beside `anyOf` hold for every branch. */
function withBase(schema: JsonSchema, branch: JsonSchema): JsonSchema {
  const base = Object.fromEntries(Object.entries(schema).filter(([key]) => key !== "anyOf" && key !== "oneOf"));
  return merged(base, branch);
}

/** The schema without `$ref` and `allOf`. */
function resolved(given: unknown, place: Place): JsonSchema {
  let schema = asSchema(given);
  for (let hops = 0; typeof schema["$ref"] === "string" && hops < 20; hops++) {
    const { $ref: pointer, ...beside } = schema as { $ref: string };
    schema = merged(beside, asSchema(pointed(place.root, pointer)));
  }
  if (!Array.isArray(schema["allOf"])) return schema;
  const { allOf, ...beside } = schema as { allOf: unknown[] };
  return allOf.reduce<JsonSchema>((sum, part) => merged(sum, resolved(part, place)), beside);
}

function merged(left: JsonSchema, right: JsonSchema): JsonSchema {
  const both: Record<string, unknown> = { ...left, ...right };
  if (isSchema(left["properties"]) && isSchema(right["properties"])) {
    both["properties"] = { ...left["properties"], ...right["properties"] };
  }
  if (Array.isArray(left["required"]) && Array.isArray(right["required"])) {
    both["required"] = [...(left["required"] as unknown[]), ...(right["required"] as unknown[])];
  }
  return both;
}

/** What a JSON pointer (`#/$defs/item`) points at. */
function pointed(root: JsonSchema, pointer: string): unknown {
  let at: unknown = root;
  for (const step of pointer.replace(/^#\/?/, "").split("/")) {
    if (step === "") continue;
    const key = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    at = asSchema(at)[key];
  }
  return at;
}

function typeOf(schema: JsonSchema): string {
  const { type } = schema as { type?: unknown };
  if (Array.isArray(type)) return String(type.find((one) => one !== "null") ?? "null");
  if (typeof type === "string") return type;
  if ("properties" in schema || "required" in schema || "additionalProperties" in schema) return "object";
  if ("items" in schema || "prefixItems" in schema) return "array";
  if ("minimum" in schema || "maximum" in schema || "multipleOf" in schema) return "number";
  return "string";
}

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const asSchema = (value: unknown): JsonSchema => (isSchema(value) ? value : {});
const bound = (value: unknown, otherwise: number): number => (typeof value === "number" ? value : otherwise);
