interface Exact {
  rawJSON?: (text: string) => unknown;
  parse(text: string, reviver: (name: string, value: unknown, context: { source?: string }) => unknown): unknown;
}

const { rawJSON } = JSON as unknown as Exact;

/** Whether there may have been more digits than a number holds: a whole one beyond 2^53, or one beyond all. */
const isUnsafe = (value: unknown): boolean =>
  typeof value === "number" && !Number.isSafeInteger(value) && (Number.isInteger(value) || !Number.isFinite(value));

/** Deeper than this nothing is looked at: doors and cores refuse it. */
const deepest = 256;

/** Whether what was read as JSON holds a number that may have been another one. */
export function holdsUnsafe(value: unknown, levels = deepest): boolean {
  if (typeof value !== "object" || value === null) return isUnsafe(value);
  if (levels === 0) return false;
  if (Array.isArray(value)) return value.some((item) => holdsUnsafe(item, levels - 1));
  for (const name in value)
    if (holdsUnsafe((value as Readonly<Record<string, unknown>>)[name], levels - 1)) return true;
  return false;
}

const isRounded = (value: number, source: string): boolean =>
  !Number.isFinite(value) || (/^-?\d+$/.test(source) && BigInt(source) !== BigInt(value));

/**
 * Reads JSON so that it can be written again as it was: whole numbers beyond 2^53 keep their digits (ids of 19 digits are
 * common in the arguments of tools). Such a one is an object for JSON.stringify, and no number to anybody else.
 * Where the engine does not know JSON.rawJSON (Node 20) it is rounded as ever.
 * @throws SyntaxError
 */
export function parseExactly(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (rawJSON === undefined || !holdsUnsafe(value)) return value;
  return (JSON as unknown as Exact).parse(text, (_name, member, { source }) =>
    typeof member === "number" && isUnsafe(member) && source !== undefined && isRounded(member, source)
      ? rawJSON(source)
      : member,
  );
}
