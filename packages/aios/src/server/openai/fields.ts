import { SysError } from "@aiosjs/sdk/protocol";

export type Members = Readonly<Record<string, unknown>>;

/** EINVAL that knows which member of the request is to blame: `error.param` of OpenAI's dialect. */
export class WrongMember extends SysError {
  readonly param: string;

  constructor(param: string, message: string, hint?: string) {
    super("EINVAL", `${param}: ${message}`, { hint });
    this.param = param;
  }
}

const kindOf = (value: unknown): string => {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
};

export const wrong = (path: string, expected: string, value: unknown): WrongMember =>
  new WrongMember(path, `expected ${expected}, got ${kindOf(value)}`);

export function text(value: unknown, path: string): string {
  if (typeof value === "string") return value;
  throw wrong(path, "a string", value);
}

export function list(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[];
  throw wrong(path, "an array", value);
}

export function object(value: unknown, path: string): Members {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Members;
  throw wrong(path, "an object", value);
}

// OpenAI's optional members may be null, which says the same as leaving them out.

export const optionalText = (value: unknown, path: string): string | undefined =>
  value === undefined || value === null ? undefined : text(value, path);

export function optionalNumber(value: unknown, path: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number") return value;
  throw wrong(path, "a number", value);
}

export function optionalInteger(value: unknown, path: string): number | undefined {
  const number = optionalNumber(value, path);
  if (number === undefined || Number.isSafeInteger(number)) return number;
  throw new WrongMember(path, `expected a whole number, got ${number}`);
}

export function optionalBoolean(value: unknown, path: string): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "boolean") return value;
  throw wrong(path, "a boolean", value);
}

/** True when the object says something in members that are not in `known`. */
export function hasMore(members: Members, known: ReadonlySet<string>): boolean {
  for (const name in members)
    if (!known.has(name) && members[name] !== null && members[name] !== undefined) return true;
  return false;
}

/** Copies what is said in members that are not in `known`. */
export function copyMore(from: Members, known: ReadonlySet<string>, into: Record<string, unknown>): void {
  for (const name in from) {
    const value = from[name];
    if (!known.has(name) && value !== null && value !== undefined) into[name] = value;
  }
}
