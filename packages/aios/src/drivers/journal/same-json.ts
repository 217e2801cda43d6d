/**
 * Whether two JSON values say the same. Key order does not matter.
 * Comparing a 100 KB transcript with its predecessor costs 10 µs, writing it as JSON and hashing it 300 µs
 * (bench/journal.ts).
 */
export function isSameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item: unknown, index) => isSameJson(item, right[index]))
    );
  }
  if (Array.isArray(right)) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  const other = right as Record<string, unknown>;
  for (const key of keys) {
    if (!Object.hasOwn(other, key) || !isSameJson((left as Record<string, unknown>)[key], other[key])) return false;
  }
  return true;
}

/**
 * A copy of a JSON value that no later change of the original reaches. Strings, most of its bytes, are shared: a fifth of
 * the price of its text.
 * @throws TypeError for a bigint, RangeError for a cycle: JSON cannot say them.
 */
export function copyJson(value: unknown): unknown {
  if (typeof value === "bigint") throw new TypeError("JSON has no word for a bigint");
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyJson);
  const prototype: unknown = Object.getPrototypeOf(value);
  // What is more than its properties (a date) is what JSON makes of it.
  if (prototype !== Object.prototype && prototype !== null)
    return JSON.parse(JSON.stringify(value) ?? "null") as unknown;
  const copy: Record<string, unknown> = { ...value };
  for (const key in copy) {
    const part = copy[key];
    if ((typeof part === "object" && part !== null) || typeof part === "bigint") copy[key] = copyJson(part);
  }
  return copy;
}
