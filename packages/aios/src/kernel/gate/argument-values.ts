/** One piece of an argument. */
interface ArgumentValue {
  /** As `to` or `items.0.url`. */
  readonly path: string;
  readonly text: string;
}

export interface ArgumentValues {
  readonly values: readonly ArgumentValue[];
  /** False: there is more than is looked through, or something that is no JSON. */
  readonly isWhole: boolean;
}

// A call that says more at one sink is asked about: looking takes microseconds each, and no list of addresses is that long.
const MAX_VALUES = 256;
const MAX_STEPS = 4_096;
const MAX_DEPTH = 64;

interface Place {
  readonly value: unknown;
  readonly path: string;
  /** How many words of the wanted path led here. */
  readonly depth: number;
}

/**
 * What stands at a path of the arguments (`*`: each member of a list or object): every text, number and truth value of it, and
 * the names of members below it, which carry meaning as well. Nothing for what is absent, null or empty.
 */
export function valuesAt(args: unknown, path: readonly string[]): ArgumentValues {
  const values: ArgumentValue[] = [];
  const places: Place[] = [{ value: args, path: "", depth: 0 }];
  let steps = 0;
  for (let place = places.pop(); place; place = places.pop()) {
    if (++steps > MAX_STEPS || values.length > MAX_VALUES || place.depth > MAX_DEPTH) return { values, isWhole: false };
    const { value, depth } = place;
    if (value === null || value === undefined) continue;
    if (typeof value === "object") {
      const word = path[depth];
      if (word !== undefined && word !== "*") {
        if (Object.hasOwn(value, word)) places.push(below(place, word, (value as Record<string, unknown>)[word]));
        continue;
      }
      const names = Object.keys(value);
      if (names.length > MAX_STEPS) return { values, isWhole: false };
      for (const name of names.reverse()) {
        const child = below(place, name, (value as Record<string, unknown>)[name]);
        places.push(child);
        if (word === undefined && name !== "" && !Array.isArray(value)) values.push({ path: child.path, text: name });
      }
    } else if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean")
      return { values, isWhole: false };
    // A plain value where the path wants to go further: it is judged as what it is.
    else if (value !== "") values.push({ path: place.path, text: String(value) });
  }
  return values.length > MAX_VALUES ? { values, isWhole: false } : { values, isWhole: true };
}

const below = ({ path, depth }: Place, name: string, value: unknown): Place => ({
  value,
  path: path === "" ? name : `${path}.${name}`,
  depth: depth + 1,
});
