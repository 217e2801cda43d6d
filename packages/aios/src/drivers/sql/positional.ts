/** A text with `?` for each `$n`, and which value goes to which. */
export interface Positional {
  readonly text: string;
  /** Indexes into the values; undefined when they go in as they are. */
  readonly order: readonly number[] | undefined;
  /** How many values the text speaks of. */
  readonly count: number;
  /** Whether it has a `returning` clause. */
  readonly isReturning: boolean;
}

const tokens = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[^]*?\*\/|\$(\d+)|\breturning\b/gi;

/** SQLite takes `$1` for a name, and its libraries bind names each in their own way: `?` is what all of them know. */
export function toPositional(shared: string): Positional {
  const order: number[] = [];
  let isReturning = false;
  const text = shared.replaceAll(tokens, (token: string, number: string | undefined) => {
    if (token.toLowerCase() === "returning") isReturning = true;
    if (number === undefined) return token;
    order.push(Number(number) - 1);
    return "?";
  });
  const isInOrder = order.every((index, place) => index === place);
  const count = order.reduce((most, index) => Math.max(most, index + 1), 0);
  return { text, order: isInOrder ? undefined : order, count, isReturning };
}
